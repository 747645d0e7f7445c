import { type LocalTime, localTime, offsetChange, zoneOffsetMs } from "../base/zone-time.ts"

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** Longer than a week, as a change of the clock may leave a window out once. */
const SEARCH_MS = 15 * DAY_MS

/** Some time of some days, by the clock on the wall. */
export interface TimeWindow {
  /** The days on which it begins; 0 is Monday. */
  readonly days: readonly number[]
  readonly startMinute: number
  /** Up to 1440. Not after the start: it ends on the next day. */
  readonly endMinute: number
}

/** When a Mac may be used: in one of `open`, or always when that is empty; and in none of `closed`. */
export interface Hours {
  readonly open: readonly TimeWindow[]
  readonly closed: readonly TimeWindow[]
}

export const ALWAYS: Hours = { open: [], closed: [] }

/**
 * Whether jobs may run at that time. What the clock on the wall shows decides, also on days on which it is changed: a time that it
 * shows twice counts twice, one that it skips never comes.
 */
export function isOpen(hours: Hours, timeZone: string, wallMs: number): boolean {
  if (hours.open.length === 0 && hours.closed.length === 0) return true
  return isOpenAt(hours, localTime(timeZone, wallMs))
}

/**
 * When {@link isOpen} next changes, to the millisecond, so that a timer can be set for it; `null` when it never does.
 */
export function nextChange(hours: Hours, timeZone: string, wallMs: number): number | null {
  const steps = stepsOf(hours)
  if (steps.length === 0) return null
  const now = isOpen(hours, timeZone, wallMs)
  let at = wallMs
  while (at < wallMs + SEARCH_MS) {
    at = nextStep(steps, timeZone, at)
    if (isOpen(hours, timeZone, at) !== now) return at
  }
  return null
}

/** Both at once: open where both are. */
export function bothHours(a: Hours, b: readonly TimeWindow[]): Hours {
  return b.length === 0 ? a : { open: a.open, closed: [...a.closed, ...b] }
}

function isOpenAt({ open, closed }: Hours, local: LocalTime): boolean {
  return (open.length === 0 || isWithin(open, local)) && !isWithin(closed, local)
}

function isWithin(windows: readonly TimeWindow[], { weekday, msOfDay }: LocalTime): boolean {
  return windows.some(({ days, startMinute, endMinute }) => {
    const [startMs, endMs] = [startMinute * MINUTE_MS, endMinute * MINUTE_MS]
    const beginsToday = days.includes(weekday)
    if (startMs < endMs) return beginsToday && msOfDay >= startMs && msOfDay < endMs
    return (beginsToday && msOfDay >= startMs) || (days.includes((weekday + 6) % 7) && msOfDay < endMs)
  })
}

/** The times of day at which anything may change. */
function stepsOf({ open, closed }: Hours): number[] {
  const windows = [...open, ...closed]
  if (windows.length === 0) return []
  // None is longer than six hours, within which no time zone changes its clock and changes it back.
  const minutes = [
    0,
    360,
    720,
    1080,
    ...windows.flatMap(({ startMinute, endMinute }) => [startMinute, endMinute % 1440]),
  ]
  return [...new Set(minutes)].sort((a, b) => a - b).map((minute) => minute * MINUTE_MS)
}

function nextStep(steps: readonly number[], timeZone: string, wallMs: number): number {
  const offsetMs = zoneOffsetMs(timeZone, wallMs)
  const shownMs = wallMs + offsetMs
  const msOfDay = shownMs - Math.floor(shownMs / DAY_MS) * DAY_MS
  const step = steps.find((each) => each > msOfDay) ?? DAY_MS + steps[0]!
  const next = wallMs + step - msOfDay
  return zoneOffsetMs(timeZone, next) === offsetMs ? next : offsetChange(timeZone, wallMs, next)
}
