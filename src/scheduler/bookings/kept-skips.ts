import { localTime, wallMsAt } from "../../base/zone-time.ts"
import { allTimes, type Times } from "./booking-times.ts"

const HOUR_MS = 3_600_000

/** What is left out of a booking that was changed. */
export interface KeptSkips {
  /** Begins of times that are left out, in order. Those for which there is no time stay as they were, in case they come back. */
  readonly skipped: readonly number[]
  /** Begins of times that were left out, for which there is none any more between its first time and its end. */
  readonly gone: readonly number[]
}

/**
 * Which times of a changed booking are left out: of each day of which a time was left out, what begins on that day now; of one that comes
 * hourly, what begins within that hour. Days are those of the zone by whose clock the time was left out, or of the new one where only that is another. Times that are
 * past stay as they are.
 */
export function keptSkips(before: Times, after: Omit<Times, "skipped">, nowMs: number): KeptSkips {
  const skipped = new Set<number>()
  const gone: number[] = []
  for (const at of before.skipped) {
    const begins = at + before.durationMs <= nowMs ? [at] : beginsFor(at, before, after)
    for (const begin of begins) skipped.add(begin)
    if (begins.length > 0) continue
    skipped.add(at)
    if (at < after.startAt || at >= (after.untilAt ?? Number.POSITIVE_INFINITY)) continue
    if (beginsBetween(before, at, at + 1).length > 0) gone.push(at)
  }
  return { skipped: [...skipped].sort((a, b) => a - b), gone }
}

function beginsFor(at: number, before: Times, after: Omit<Times, "skipped">): readonly number[] {
  const isByDay = before.repeats !== "hourly"
  const exact = beginsBetween(after, at, at + 1)
  // Of a day all hours.
  if (exact.length > 0 && !(isByDay && after.repeats === "hourly")) return exact
  if (isByDay) {
    const day = localTime(before.startAt === after.startAt ? after.timeZone : before.timeZone, at)
    const midnight = (days: number) => wallMsAt(after.timeZone, { ...day, day: day.day + days }, 0)
    return beginsBetween(after, midnight(0), midnight(1))
  }
  // An hour that is left out is no day.
  if (after.repeats !== "hourly") return []
  const hourAt = at - (localTime(before.timeZone, at).msOfDay % HOUR_MS)
  return beginsBetween(after, hourAt, hourAt + HOUR_MS)
}

/** Of all its times that begin within the span, without its end. */
function beginsBetween(times: Omit<Times, "skipped">, fromMs: number, toMs: number): readonly number[] {
  const begins: number[] = []
  for (const { startAt } of allTimes({ ...times, skipped: [] }, fromMs)) {
    if (startAt >= toMs) break
    if (startAt >= fromMs) begins.push(startAt)
  }
  return begins
}
