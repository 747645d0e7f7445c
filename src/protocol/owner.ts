/**
 * What people say of a host with the owner's lever, and what the host tells of the people at it: the shapes that server, agent and
 * command line share. The rules themselves are in presence/. All times are by the wall clock.
 */

/** The latest moment a date can be (ECMA-262, Time Values). */
export const LAST_MS = 8.64e15

/** Whether it is a moment that can be written as a date. */
export function isDate(value: unknown): value is number {
  return typeof value === "number" && Math.abs(value) <= LAST_MS
}

/** Whose word it is: each has a pause of its own, so that nobody shortens what somebody else has said. */
export const VOICES = ["owner", "admin", "job"] as const
export type Voice = (typeof VOICES)[number]

/** Rules by their names, as people write them: `{ on_return: "suspend" }` (presence/policy-values.ts). */
export type RuleTexts = Readonly<Record<string, string>>

/** The last word of a voice about pausing. */
export interface PauseWord {
  /** When it was said. Of two words the later one holds, wherever it was said. */
  readonly at: number
  /** Who said it: a user of Windfall, or an account of the Mac. */
  readonly by: string
  /** `null`: resumed. */
  readonly pause: {
    /** `null`: until somebody resumes. */
    readonly until: number | null
    readonly since: number
  } | null
}

/** The rules for this Mac alone, all of them: its owner's, or of a Mac without one an administrator's. */
export interface RulesWord {
  readonly at: number
  readonly by: string
  readonly rules: RuleTexts
  /** Who said each of them, where that is another than who spoke last. */
  readonly saidBy?: RuleTexts
}

/**
 * All that was said of a host with the lever, kept by server and agent alike. Where they differ each takes, voice by voice, the
 * word that was said later; so both come to the same, whatever was lost or came twice.
 */
export interface Lever {
  readonly pauses: Readonly<Partial<Record<Voice, PauseWord>>>
  /** `null`: nothing was ever said. */
  readonly rules: RulesWord | null
}

export const NO_LEVER: Lever = { pauses: {}, rules: null }

/** What holds on a host besides its lever; said by administrators, kept by the agent for when there is no server. */
export interface HostTerms {
  /** What the host is called in the pool. */
  readonly host: string
  /** The owner as a user of Windfall. */
  readonly owner: string | null
  /** The owner's account on the Mac. */
  readonly consoleAccount: string | null
  /** What the fleet says: a preset of presence/owner-policy.ts, and what is to be otherwise. */
  readonly fleet: { readonly preset: string; readonly rules: RuleTexts }
}

/** What keeps jobs from starting on a host, for the sake of people there. */
export interface HostObstacle {
  /** Stable: paused, outside_hours, owner_here, presence_unknown, owner_away_too_short, on_battery, power_unknown, low_power_mode, foreign_load, memory_needed. */
  readonly code: string
  /** In words, as the end of "mac-3: ...". */
  readonly text: string
  /** When it ends by itself, as far as that is known. */
  readonly until: number | null
}

/** Who is at a host, as its agent saw it last. */
export interface HostPresence {
  /** When the agent looked. */
  readonly at: number
  /** `unwatched`: nobody is looked for there (Linux). */
  readonly state: "here" | "away" | "unknown" | "unwatched"
  readonly since: number
  /** Since when looks fail, where `state` is what the last one told that did not. Absent: it could be told at `at`; and from older agents. */
  readonly blindSince?: number
  /** In words: by what somebody was noticed, or why it is unknown. */
  readonly text: string
  /** The first one counts; nothing when jobs may start. */
  readonly obstacles: readonly HostObstacle[]
}

/** Why something was done to an attempt for somebody's sake: an obstacle's code, or owner_just_left, suspended_too_long, memory_needed, evicted. */
export interface OwnerReason {
  readonly code: string
  readonly text: string
}
