import { localTime } from "../../base/zone-time.ts"

const HOUR_MS = 3_600_000
const HOURS = 168
/** Usual times come again each week: who looks so far ahead has seen all of them. */
export const USUAL_AHEAD_MS = HOURS * HOUR_MS
/** After so many weeks a week counts half: people change their days, and one holiday is not to be learned. */
const HALF_LIFE_WEEKS = 4

/** A stretch of time in which somebody looked, and what was seen throughout. Time in which nobody looked is in none. */
export interface PresenceLook {
  readonly fromMs: number
  readonly toMs: number
  /** Whether the owner's presence kept jobs off the host. */
  readonly isHere: boolean
}

/** What was learned of a week: plain data, hour by hour from Monday 00:00 by the clock on the owner's wall. */
export interface WeeklyPresence {
  /** Hours in which somebody looked, older ones counted less: of 168 hours of a week. */
  readonly seenHours: readonly number[]
  /** Of these, those in which the owner was there. */
  readonly hereHours: readonly number[]
  /** Up to then all looks are in it. */
  readonly throughMs: number
}

export function noPresence(throughMs: number): WeeklyPresence {
  return { seenHours: Array(HOURS).fill(0), hereHours: Array(HOURS).fill(0), throughMs }
}

/**
 * Adds looks, in order of time. What lies before `throughMs` was counted already, so that the same looks told twice count once. A long
 * record may come at once or in pieces: the sums are the same.
 */
export function learnPresence(
  weekly: WeeklyPresence,
  looks: readonly PresenceLook[],
  timeZone: string,
): WeeklyPresence {
  const seenHours = [...weekly.seenHours]
  const hereHours = [...weekly.hereHours]
  let { throughMs } = weekly
  const fadeTo = (toMs: number) => {
    const left = 0.5 ** ((toMs - throughMs) / (7 * 24 * HOUR_MS * HALF_LIFE_WEEKS))
    for (let hour = 0; hour < HOURS; hour++) {
      seenHours[hour]! *= left
      hereHours[hour]! *= left
    }
    throughMs = toMs
  }
  for (const { fromMs, toMs, isHere } of looks) {
    for (const part of hoursOf(Math.max(fromMs, throughMs), toMs, timeZone)) {
      fadeTo(part.endMs)
      const hours = (part.endMs - part.startMs) / HOUR_MS
      seenHours[part.hour]! += hours
      if (isHere) hereHours[part.hour]! += hours
    }
  }
  return { seenHours, hereHours, throughMs }
}

export interface WeekHour {
  /** 0: Monday from 00:00 on. */
  readonly hour: number
  readonly startMs: number
  readonly endMs: number
}

/** The time between, cut where the clock on the wall shows a full hour. */
export function* hoursOf(fromMs: number, toMs: number, timeZone: string): Generator<WeekHour> {
  for (let startMs = fromMs; startMs < toMs; ) {
    const { weekday, msOfDay } = localTime(timeZone, startMs)
    const endMs = Math.min(toMs, startMs + HOUR_MS - (msOfDay % HOUR_MS))
    yield { hour: weekday * 24 + Math.floor(msOfDay / HOUR_MS), startMs, endMs }
    startMs = endMs
  }
}
