import type { Booking, BookingTime } from "../../protocol/booking.ts"
import { occurrences, type Recurring } from "../time/recurrence.ts"

export type Times = Pick<
  Booking,
  "startAt" | "askedWallAt" | "durationMs" | "timeZone" | "repeats" | "untilAt" | "skipped"
>

/** All times of a booking that end after `fromMs`, those that are left out among them, first things first; for ever where it never ends. */
export function* allTimes(booking: Times, fromMs: number): Generator<BookingTime> {
  const skipped = new Set(booking.skipped)
  for (const { startMs, endMs } of occurrences(recurring(booking), fromMs)) {
    yield { startAt: startMs, endAt: endMs, skipped: skipped.has(startMs) }
  }
}

/** Times that are not left out and have a part in the span, without its end. */
export function timesBetween(booking: Times, fromMs: number, toMs: number): BookingTime[] {
  const times: BookingTime[] = []
  for (const time of allTimes(booking, fromMs)) {
    if (time.startAt >= toMs) break
    if (!time.skipped) times.push(time)
  }
  return times
}

/** The time that is now or comes next and is not left out; `null`: it is over. */
export function nextTime(booking: Times, nowMs: number): BookingTime | null {
  // One by one no more than can have been left out.
  let looked = 0
  for (const time of allTimes(booking, nowMs)) {
    if (!time.skipped) return time
    if (++looked > booking.skipped.length) break
  }
  return null
}

export function recurring(times: Omit<Times, "skipped">): Recurring {
  const { startAt, askedWallAt, durationMs, timeZone, repeats, untilAt } = times
  return { startMs: startAt, askedWallMs: askedWallAt, durationMs, timeZone, repeats, untilMs: untilAt }
}
