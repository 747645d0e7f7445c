import { durationText, formatDuration } from "../../base/duration.ts"
import type { Booking, BookingTime } from "../../protocol/booking.ts"

/**
 * How long a booking lasts, in words. Whole days of its duration are days of the calendar: where the clock is changed within it, it is told what passes.
 * @param time the one that is told of; absent: none is known
 */
export function lastsText({ durationMs }: Pick<Booking, "durationMs">, time?: BookingTime): string {
  const passesMs = time === undefined ? durationMs : time.endAt - time.startAt
  return passesMs === durationMs
    ? formatDuration(durationMs)
    : `${formatDuration(passesMs)} (${durationText(durationMs)} by the calendar)`
}
