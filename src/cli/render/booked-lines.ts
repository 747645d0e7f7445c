import type { BookingView } from "../../protocol/booking.ts"
import { wallText } from "../../scheduler/time/wall-text.ts"
import { whomText } from "./booking-text.ts"

/** The next time of each booking that has the host: when, by the clock of its zone, and for whom. */
export function bookedLines(host: string, bookings: readonly BookingView[], nowMs: number): readonly string[] {
  return bookings.flatMap((booking) => {
    const next = booking.times.find(({ skipped }) => !skipped)
    if (next === undefined || !booking.hosts.some(({ id }) => id === host)) return []
    const at = (ms: number) => wallText(ms, booking.timeZone, nowMs)
    const when = `${next.startAt <= nowMs ? "now" : at(next.startAt)} to ${at(next.endAt)} ${booking.timeZone}`
    return [`${when}: ${booking.name} (${whomText(booking)}${booking.repeats === null ? "" : `, ${booking.repeats}`})`]
  })
}
