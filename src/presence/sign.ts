import { isShut, type Look } from "./look.ts"
import { ifKnown } from "./reading.ts"

/** By what somebody is noticed, as a stable code with its facts. presence-text.ts has the words. */
export type Sign =
  | { readonly code: "input" }
  /** Keys that HIDIdleTime does not count. */
  | { readonly code: "uncounted_input" }
  | { readonly code: "display_held"; readonly process: string }
  | { readonly code: "remote_login"; readonly user: string; readonly from: string }

/** Whose Mac it is, and what on it is not the owner's. */
export interface Accounts {
  /** The owner's account on this Mac; `null` when nobody is known as its owner: then everybody who logs in counts. */
  readonly owner: string | null
  /** The account that jobs run as. */
  readonly jobs: string | null
}

/** They hold the display for the system, or for as long as it is in use. */
const SYSTEM_PROCESSES: ReadonlySet<string> = new Set(["powerd", "WindowServer", "loginwindow", "hidd", "coreaudiod"])

/**
 * The app that keeps the display on for somebody in front of it: a call, a film, a talk. Behind a locked screen nobody looks,
 * so that a tool which keeps Macs awake does not keep this one from being lent for good.
 */
export function displaySign(look: Look, accounts: Accounts): Sign | undefined {
  if (isShut(look)) return undefined
  const consoleUser = ifKnown(look.console)?.user ?? null
  const hold = ifKnown(look.displayHolds)?.find(({ process, user, isWindfall }) => {
    if (isWindfall || SYSTEM_PROCESSES.has(process)) return false
    if (user === null) return true
    // Accounts of the system begin with an underscore, root aside.
    if (user === "root" || user.startsWith("_")) return false
    if (user === accounts.jobs && user !== accounts.owner && user !== consoleUser) return false
    return consoleUser === null || user === consoleUser
  })
  return hold === undefined ? undefined : { code: "display_held", process: hold.process }
}

/** A login by which the owner works on the Mac from elsewhere, with how long nothing was typed there; 0 when that is not known. */
export interface LoginUse {
  readonly sign: Sign
  readonly idleMs: number
}

/** The owner's login that was used last. Windfall's own never count. */
export function loginUse(look: Look, accounts: Accounts): LoginUse | undefined {
  let last: LoginUse | undefined
  for (const { user, from, isWindfall, idleMs } of ifKnown(look.remoteLogins) ?? []) {
    if (isWindfall || (accounts.owner !== null && user !== accounts.owner)) continue
    const use: LoginUse = { sign: { code: "remote_login", user, from }, idleMs: ifKnown(idleMs) ?? 0 }
    if (last === undefined || use.idleMs < last.idleMs) last = use
  }
  return last
}

/** Why a look cannot rule out that somebody is there, or `undefined` when it can. */
export function blindness(look: Look): string | undefined {
  if (!look.idleMs.known) return `how long nothing was typed is not known: ${look.idleMs.reason}`
  if (!look.displayHolds.known && !isShut(look)) {
    return `whether an app holds the display is not known: ${look.displayHolds.reason}`
  }
  if (!look.remoteLogins.known) return `who is logged in from elsewhere is not known: ${look.remoteLogins.reason}`
  return undefined
}
