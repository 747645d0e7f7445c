import type { Moment } from "./moment.ts"
import { ifKnown, type Reading } from "./reading.ts"

/** Who has the screen and the keyboard of a Mac. */
export interface ConsoleSession {
  /** The account at the console; `null` at the login window. */
  readonly user: string | null
  /** Accounts logged in behind it, after fast user switching. */
  readonly switchedOut: readonly string[]
}

/** A process that keeps the display from sleeping (assertion PreventUserIdleDisplaySleep, pmset(1) `-g assertions`). */
export interface DisplayHold {
  readonly process: string
  /** Whose process it is; `null` when that could not be found out. */
  readonly user: string | null
  /** It belongs to Windfall: to an attempt's tree, or to the agent. */
  readonly isWindfall: boolean
}

/** A login that came over the network. */
export interface RemoteLogin {
  readonly user: string
  /** Where it came from, as who(1) says. */
  readonly from: string
  /** It is Windfall's own way in: the agent's connection, or a terminal or port of a job. */
  readonly isWindfall: boolean
  /** How long nothing was typed there. */
  readonly idleMs: Reading<number>
}

/** What one look at a Mac saw of people. Each field is known, or unknown with the reason. */
export interface Look {
  readonly at: Moment
  /**
   * HIDIdleTime, the smallest of all entries of IOHIDSystem. It stands still while the Mac sleeps, starts anew in a dark wake
   * though nobody is there, and misses keys that some remapping tools type.
   */
  readonly idleMs: Reading<number>
  /** The console session's screen is locked (IOConsoleLocked, CGSSessionScreenIsLocked). */
  readonly locked: Reading<boolean>
  readonly console: Reading<ConsoleSession>
  /** Asleep also in a dark wake, when the system runs without graphics (pmset(1) `-g systemstate`). */
  readonly display: Reading<"on" | "asleep">
  /** How long ago the machine last woke (sysctl kern.waketime), or started. */
  readonly wokeAgoMs: Reading<number>
  readonly displayHolds: Reading<readonly DisplayHold[]>
  readonly remoteLogins: Reading<readonly RemoteLogin[]>
  /**
   * When the assertion UserIsActive of the HID event system is going to be released, on the clock that counts sleep; `null`
   * when there is none. Every touch moves it on, also where a remapping tool hides the touch from HIDIdleTime.
   */
  readonly activeUntilMs: Reading<number | null>
}

/** Whether nobody could work at the console without a password. False when that is not known. */
export function isShut({ locked, console }: Look): boolean {
  return ifKnown(locked) === true || ifKnown(console)?.user === null
}

/**
 * Whether screen and session are as in a dark wake: locked, or at the login window, with the display off. Whoever touches
 * such a Mac lights it, so that input alone proves little here. False when one of the two is not known.
 */
export function isDark(look: Look): boolean {
  return isShut(look) && ifKnown(look.display) === "asleep"
}
