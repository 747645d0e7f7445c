import { formatDuration } from "../base/duration.ts"
import type { Cause } from "../protocol/job-state.ts"
import { type OwnerObstacle, ownerObstacleText } from "./obstacle.ts"
import { publicText } from "./public-text.ts"

/** Why something is done to an attempt for the owner's sake. */
export type Why =
  | OwnerObstacle
  /** `behind`: what kept it stopped so long; nothing where only a while without anybody is missing. */
  | { readonly code: "suspended_too_long"; readonly limitMs: number; readonly behind?: Why }
  /** Nobody is at it now, and not for as long as the rules ask before suspended jobs go on. */
  | { readonly code: "owner_just_left"; readonly neededMs: number }
  /** The owner wants it gone at once. */
  | { readonly code: "evicted" }

/** What an end for the owner's sake is called: that somebody has returned is said only where somebody has. */
export type OwnersCause = Extract<Cause, "owner_returned" | "owner_policy">

/** @param behind of what took too long: why it is asked for still; nothing where only a while without anybody is missing */
export function causeOf({ code }: Pick<Why, "code">, behind: Pick<Why, "code"> = PERSON): OwnersCause {
  const first = code === "suspended_too_long" ? behind.code : code
  return first === "owner_here" || first === "memory_needed" ? "owner_returned" : "owner_policy"
}

const PERSON = { code: "owner_here" } as const

/** Why nothing may start: by which cause an attempt ends that was sent all the same, and in words. */
export interface OwnersRefusal {
  readonly cause: OwnersCause
  readonly reason: string
}

/** In words, as the end of "suspended: ...". */
export function whyText(why: Why, nowMs: number, timeZone: string): string {
  switch (why.code) {
    case "suspended_too_long":
      return `${behindText(why.behind, nowMs, timeZone)}, and it was suspended for longer than ${formatDuration(why.limitMs)}`
    case "owner_just_left":
      return `nobody is at it now: it goes on after ${formatDuration(why.neededMs)} without anybody`
    case "evicted":
      return "the owner wants all jobs gone"
    default:
      return ownerObstacleText(why, nowMs, timeZone)
  }
}

/** For everybody: these words go by another code than those of what is behind it. */
function behindText(behind: Why | undefined, nowMs: number, timeZone: string): string {
  return behind === undefined ? "somebody was at it" : publicText(behind.code, whyText(behind, nowMs, timeZone))
}
