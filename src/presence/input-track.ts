import { isDark, type Look } from "./look.ts"
import { type Moment, msBetween } from "./moment.ts"
import { ifKnown } from "./reading.ts"

/** Input younger than this means that somebody is there: HTCondor's KeyboardBusy (desktop policy of its manual). */
export const HERE_IDLE_MS = 60_000

/** Two looks date the same input differently by what a probe takes. */
const TOLERANCE_MS = 1_500
/** Nobody types that long at a locked Mac whose display stays dark: it is a program. */
const GHOST_AFTER_MS = 120_000

/** What the looks so far tell of the last input. All times are of the clock that counts sleep. */
export interface InputTrack {
  readonly at: Moment
  readonly idleMs: number
  /** The last input that somebody gave. */
  readonly lastInputMs: number
  /** It was not counted by HIDIdleTime: remapped keys. */
  readonly isUncounted: boolean
  /** The last input that HIDIdleTime tells of, whoever or whatever gave it. */
  readonly seenMs: number
  /** Input in the dark that no second one has confirmed, or the one that did. */
  readonly doubtMs: number | null
  /** Since the Mac is dark: what was trusted before, and the first input that came since. */
  readonly dark: { readonly trustedMs: number; readonly firstInputMs: number | null } | null
  /** `undefined` as long as it was not known. */
  readonly activeUntilMs: number | null | undefined
}

/**
 * Takes a look into account. `undefined` as long as no idle time was known at all.
 *
 * HIDIdleTime is not simply believed: it stands still in sleep, starts anew in dark wakes, is kept small by programs that
 * post events, and misses the keys of some remapping tools.
 */
export function trackInput(before: InputTrack | undefined, look: Look): InputTrack | undefined {
  const lit = withLight(before, look)
  const idleMs = ifKnown(look.idleMs)
  if (idleMs === undefined) return lit && withUncounted(lit, look, lit, true)
  const inputMs = look.at.sleepCountingMs - idleMs
  if (lit === undefined) return firstTrack(look, idleMs, inputMs)
  const counted = { ...withCounted(lit, look, idleMs, inputMs), at: look.at, idleMs }
  return withUncounted(counted, look, lit)
}

/** Whether input came that may be a dark wake's and nobody's, so short ago that it matters. */
export function isDoubtful({ doubtMs, lastInputMs }: InputTrack, nowMs: number): boolean {
  return doubtMs !== null && doubtMs > lastInputMs && nowMs - doubtMs < HERE_IDLE_MS
}

function firstTrack(look: Look, idleMs: number, inputMs: number): InputTrack {
  const dark = isDark(look)
  const isDoubted = dark && idleMs < HERE_IDLE_MS
  // In doubt: the latest that says of nobody that they are here.
  const lastInputMs = isDoubted ? look.at.sleepCountingMs - HERE_IDLE_MS : inputMs
  return {
    at: look.at,
    idleMs,
    lastInputMs,
    isUncounted: false,
    seenMs: inputMs,
    doubtMs: isDoubted ? inputMs : null,
    dark: dark ? { trustedMs: lastInputMs, firstInputMs: null } : null,
    activeUntilMs: ifKnown(look.activeUntilMs),
  }
}

/** A Mac that lights up settles a doubt: somebody has done that. */
function withLight(before: InputTrack | undefined, look: Look): InputTrack | undefined {
  if (before === undefined) return undefined
  if (isDark(look)) return before.dark === null ? { ...before, dark: darkFrom(before) } : before
  if (before.dark === null) return before
  // Also one that was taken for a program's: the next that comes could be of the same moment, and so no new one.
  const nowMs = look.at.sleepCountingMs
  const isOfNow = before.dark.firstInputMs !== null && nowMs - before.seenMs < HERE_IDLE_MS
  const settled = isDoubtful(before, nowMs) ? before.doubtMs : isOfNow ? before.seenMs : null
  return {
    ...before,
    lastInputMs: settled ?? before.lastInputMs,
    doubtMs: null,
    dark: null,
  }
}

function darkFrom({ lastInputMs }: InputTrack) {
  return { trustedMs: lastInputMs, firstInputMs: null }
}

function withCounted(before: InputTrack, look: Look, idleMs: number, inputMs: number): InputTrack {
  const isFresh = inputMs > before.seenMs + TOLERANCE_MS
  if (!isFresh) {
    const follows = before.seenMs === before.lastInputMs && before.dark === null && inputMs > before.seenMs
    return follows ? { ...before, seenMs: inputMs, lastInputMs: inputMs, isUncounted: false } : before
  }
  if (isSleepGap(before, look, idleMs)) return { ...before, seenMs: inputMs }
  if (before.dark !== null) return withDarkInput(before, before.dark, look, inputMs)
  return { ...before, seenMs: inputMs, lastInputMs: inputMs, isUncounted: false, doubtMs: null }
}

/**
 * The idle time only stood still while the Mac slept: it seems younger on a clock that went on. It has grown by what the Mac is
 * awake now, at least.
 */
function isSleepGap(before: InputTrack, look: Look, idleMs: number): boolean {
  const wokeAgoMs = ifKnown(look.wokeAgoMs)
  // A short one may be of the key that woke it.
  return wokeAgoMs !== undefined && idleMs >= HERE_IDLE_MS && idleMs >= before.idleMs + wokeAgoMs - TOLERANCE_MS
}

function withDarkInput(
  before: InputTrack,
  dark: NonNullable<InputTrack["dark"]>,
  look: Look,
  inputMs: number,
): InputTrack {
  const firstInputMs = dark.firstInputMs ?? inputMs
  const seen = { ...before, seenMs: inputMs, doubtMs: inputMs, dark: { ...dark, firstInputMs } }
  if (inputMs - firstInputMs >= GHOST_AFTER_MS) return { ...seen, doubtMs: null, lastInputMs: dark.trustedMs }
  const { doubtMs } = before
  const isSecond = doubtMs !== null && inputMs - doubtMs < HERE_IDLE_MS && !mayHaveSlept(before, look)
  return isSecond ? { ...seen, lastInputMs: inputMs, isUncounted: false } : seen
}

/** Each dark wake starts the idle time anew, so that two inputs count together only within one waking. */
function mayHaveSlept(before: InputTrack, look: Look): boolean {
  const gapMs = msBetween(before.at, look.at)
  return look.wokeAgoMs.known ? look.wokeAgoMs.value < gapMs : gapMs >= HERE_IDLE_MS
}

/** The system was told of activity that the idle time knows nothing of: remapped keys, or an idle time that cannot be asked for. */
function withUncounted(track: InputTrack, look: Look, before: InputTrack, isBlind = false): InputTrack {
  const activeUntilMs = ifKnown(look.activeUntilMs)
  if (activeUntilMs === undefined) return track
  const last = before.activeUntilMs
  const moved = last !== undefined && activeUntilMs !== null && activeUntilMs > (last ?? 0) + TOLERANCE_MS
  const seen = { ...track, activeUntilMs }
  if (!moved || track.dark !== null || (!isBlind && track.idleMs < HERE_IDLE_MS)) return seen
  return { ...seen, lastInputMs: look.at.sleepCountingMs, isUncounted: true }
}
