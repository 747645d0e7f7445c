import { HERE_IDLE_MS, type InputTrack, isDoubtful, trackInput } from "./input-track.ts"
import type { Look } from "./look.ts"
import { type Moment, momentBefore, msBetween } from "./moment.ts"
import { type Accounts, blindness, displaySign, loginUse, type Sign } from "./sign.ts"

/** What is known of the people at a Mac, judged over several looks. */
export type Presence =
  | { readonly state: "here"; readonly since: Moment; readonly sign: Sign }
  /** `since`: the last sign of somebody. */
  | { readonly state: "away"; readonly since: Moment }
  /** Never to be taken for away. */
  | { readonly state: "unknown"; readonly since: Moment; readonly reason: string }

/**
 * What a single look says. quiet: nobody shows; doubtful: input that may be a dark wake's; blind: it cannot be told.
 */
export type LookSays = "here" | "quiet" | "doubtful" | "blind"

/** All that is kept from look to look. */
export interface Watch {
  readonly at: Moment
  readonly presence: Presence
  readonly says: LookSays
  /** How long nobody has shown, as the last look knew; 0 unless it was quiet. */
  readonly quietMs: number
  readonly input: InputTrack | undefined
  /** The last sign that was no input. */
  readonly otherSign: { readonly atMs: number } | null
  readonly quietLooks: number
  /** Looks in a row that were quiet or doubtful. */
  readonly calmLooks: number
  readonly blind: { readonly looks: number; readonly since: Moment } | null
}

/** How many quiet looks in a row make somebody away who was not. HTCondor believes the first. */
export const LOOKS_FOR_AWAY = 3

/** What a policy says of how to judge looks; `presenceRule()` of effective-policy.ts takes it from there. */
export interface PresenceRule {
  /** Quiet looks in a row that make somebody away. */
  readonly looksForAway: number
  /** Input younger than this means that somebody is there; at most {@link HERE_IDLE_MS}. */
  readonly hereIdleMs: number
}

const PRESENCE_RULE: PresenceRule = { looksForAway: LOOKS_FOR_AWAY, hereIdleMs: HERE_IDLE_MS }

/** So long, and so often, it must not be told who is there before that is called unknown: one failed probe changes nothing. */
const BLIND_LOOKS = 3
export const BLIND_FOR_MS = 10_000

/**
 * Judges one more look. One that shows somebody makes them here at once; *away* takes several quiet looks in a row.
 * The rule as a table: README.md.
 */
export function observe(
  before: Watch | undefined,
  look: Look,
  accounts: Accounts,
  { looksForAway, hereIdleMs }: PresenceRule = PRESENCE_RULE,
): Watch {
  const input = trackInput(before?.input, look)
  const login = loginUse(look, accounts)
  const display = displaySign(look, accounts)
  const otherSign = laterSign(before?.otherSign ?? null, look, login?.idleMs, display)
  const nowMs = look.at.sleepCountingMs
  const sign =
    inputSign(input, nowMs, hereIdleMs) ?? display ?? (login && login.idleMs < hereIdleMs ? login.sign : undefined)
  const reason = blindness(look)
  const says = whatItSays(sign, reason, input, nowMs)
  const quietLooks = says === "quiet" ? (before?.quietLooks ?? 0) + 1 : 0
  const calmLooks = says === "quiet" || says === "doubtful" ? (before?.calmLooks ?? 0) + 1 : 0
  const blind =
    says === "blind" ? { looks: (before?.blind?.looks ?? 0) + 1, since: before?.blind?.since ?? look.at } : null
  const lastSignMs = Math.max(
    input?.lastInputMs ?? Number.NEGATIVE_INFINITY,
    otherSign?.atMs ?? Number.NEGATIVE_INFINITY,
  )
  const quietMs = says === "quiet" ? nowMs - lastSignMs : 0
  const seen = { at: look.at, says, quietMs, input, otherSign, quietLooks, calmLooks, blind }
  const was: Presence = before?.presence ?? { state: "unknown", since: look.at, reason: "nobody has looked yet" }
  return { ...seen, presence: nextPresence(was, seen, sign, reason, lastSignMs, looksForAway) }
}

function whatItSays(
  sign: Sign | undefined,
  blindReason: string | undefined,
  input: InputTrack | undefined,
  nowMs: number,
): LookSays {
  if (sign !== undefined) return "here"
  if (blindReason !== undefined || input === undefined) return "blind"
  return isDoubtful(input, nowMs) ? "doubtful" : "quiet"
}

function inputSign(input: InputTrack | undefined, nowMs: number, hereIdleMs: number): Sign | undefined {
  if (input === undefined || nowMs - input.lastInputMs >= hereIdleMs) return undefined
  return { code: input.isUncounted ? "uncounted_input" : "input" }
}

function laterSign(
  before: Watch["otherSign"],
  { at }: Look,
  loginIdleMs: number | undefined,
  display: Sign | undefined,
): Watch["otherSign"] {
  if (display !== undefined) return { atMs: at.sleepCountingMs }
  if (loginIdleMs === undefined) return before
  const typedMs = at.sleepCountingMs - loginIdleMs
  return before !== null && before.atMs >= typedMs ? before : { atMs: typedMs }
}

function nextPresence(
  was: Presence,
  { at, says, quietLooks, calmLooks, blind }: Omit<Watch, "presence">,
  sign: Sign | undefined,
  blindReason: string | undefined,
  lastSignMs: number,
  looksForAway: number,
): Presence {
  switch (says) {
    case "here":
      return { state: "here", since: was.state === "here" ? was.since : at, sign: sign! }
    case "quiet": {
      if (was.state === "here" && quietLooks < looksForAway) return was
      if (was.state === "unknown" && calmLooks < looksForAway) return notYet(was, calmLooks, looksForAway)
      return awaySince(was, at, lastSignMs)
    }
    case "blind": {
      const reason = blindReason ?? "nothing was seen yet"
      if (was.state === "unknown") return { ...was, reason }
      const isLasting = blind !== null && blind.looks >= BLIND_LOOKS && msBetween(blind.since, at) >= BLIND_FOR_MS
      return isLasting ? { state: "unknown", since: blind.since, reason } : was
    }
    case "doubtful":
      // As much as a dark wake tells it is nobody; what starts jobs waits until that is no longer in doubt.
      if (was.state !== "unknown") return was
      return calmLooks < looksForAway ? notYet(was, calmLooks, looksForAway) : awaySince(was, at, lastSignMs)
  }
}

function notYet(was: Presence, calmLooks: number, looksForAway: number): Presence {
  const reason = `nobody showed at ${calmLooks} of the ${looksForAway} looks that it takes`
  return { state: "unknown", since: was.since, reason }
}

function awaySince(was: Presence, at: Moment, lastSignMs: number): Presence {
  const since = momentBefore(at, at.sleepCountingMs - lastSignMs)
  // The wall clock may jump: what was said of the same sign stays.
  const isSame = was.state === "away" && Math.abs(msBetween(was.since, since)) < 1
  return isSame ? was : { state: "away", since }
}
