import { WindfallError } from "../protocol/errors.ts"
import { type Pauses, type Speaker, voiceOf } from "./pause.ts"

/** What can be said with the owner's lever. rules: to change the Mac's own policy. */
export type LeverAct = "pause" | "resume" | "rules"

/** What is known of who wrote something on a Mac. */
export interface Writer {
  readonly account: string
  /** The account the host was lent with as its owner's, if one was named. */
  readonly consoleAccount: string | null
  /** Who is at the console now; `null` at the login window, or when that is not known. */
  readonly consoleUser: string | null
  readonly jobsAccount: string
}

/**
 * Who speaks through a file on the Mac. The account of jobs comes first: where an owner has lent the own account, nobody can tell
 * what the owner wrote from what a job wrote.
 */
export function speakerOf({ account, consoleAccount, consoleUser, jobsAccount }: Writer): Speaker {
  if (account === jobsAccount) return "job"
  if (account === consoleAccount) return "console_account"
  return account === consoleUser ? "console_user" : "other"
}

/** Whether the Mac is somebody's: known by name in the pool, or by the account at it. */
export function hasOwner(mac: { readonly owner: string | null; readonly consoleAccount: string | null }): boolean {
  return mac.owner !== null || mac.consoleAccount !== null
}

/**
 * Why somebody may not move the lever so, or `undefined` when they may. What jobs may have written can only pause. An
 * administrator resumes what an administrator paused, and sets the rules of Macs that have no owner.
 */
export function leverRefusal(
  speaker: Speaker,
  act: LeverAct,
  { hasOwner, pauses }: { readonly hasOwner: boolean; readonly pauses: Pauses },
): string | undefined {
  switch (speaker) {
    case "console_account":
    case "owner":
      return undefined
    case "console_user":
      return act === "rules" && hasOwner ? "the rules of this Mac are its owner's" : undefined
    case "admin":
      if (
        act === "resume" &&
        hasOwner &&
        pauses.length > 0 &&
        !pauses.some(({ speaker }) => voiceOf(speaker) === "admin")
      ) {
        return `${pauses.map(({ by }) => by).join(" and ")} paused it, and it has an owner`
      }
      return act === "rules" && hasOwner ? "the rules of this Mac are its owner's" : undefined
    case "job":
      return act === "pause" ? undefined : "a job may have written that, and jobs can only pause"
    case "other":
      return "only its owner, and who sits at it, move its lever"
  }
}

/** @throws {WindfallError} `not_allowed`, for {@link leverRefusal} */
export function checkLever(
  speaker: Speaker,
  act: LeverAct,
  mac: { readonly name: string; readonly hasOwner: boolean; readonly pauses: Pauses },
): void {
  const reason = leverRefusal(speaker, act, mac)
  if (reason === undefined) return
  const doing = act === "rules" ? `set the rules of ${mac.name}` : `${act} ${mac.name}`
  throw new WindfallError("not_allowed", `Cannot ${doing}: ${reason}`, {
    hint: "On the Mac itself, from the owner's own account: windfall mac status",
  })
}
