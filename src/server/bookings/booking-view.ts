import { closest } from "../../base/closest.ts"
import type { Booking, BookingList, BookingTime, BookingView } from "../../protocol/booking.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { allTimes, nextTime } from "../../scheduler/bookings/booking-times.ts"
import type { Core } from "../core.ts"

const SHOWN_MS = 14 * 86_400_000
/** Times of one booking in an answer. */
const MOST_TIMES = 1_000
/** Of one that is shown alone: the next ones, however far ahead. */
const NEXT_TIMES = 10

export function bookingList(core: Core, { from, to }: { from: number | null; to: number | null }): BookingList {
  const now = core.clock.now()
  const fromMs = from ?? now
  const toMs = to ?? fromMs + SHOWN_MS
  const bookings = core.store.bookings
    .all()
    .filter((booking) => nextTime(booking, now) !== null)
    .map((booking) => {
      const times: BookingTime[] = []
      for (const time of allTimes(booking, fromMs)) {
        if (time.startAt >= toMs || times.length === MOST_TIMES) break
        times.push(time)
      }
      return viewOf(core, booking, times, now)
    })
  const begin = ({ times, startAt }: BookingView) => times[0]?.startAt ?? Math.max(startAt, toMs)
  return { bookings: bookings.sort((a, b) => begin(a) - begin(b) || (a.name < b.name ? -1 : 1)) }
}

/** One booking with its next times. */
export function bookingView(core: Core, booking: Booking): BookingView {
  const now = core.clock.now()
  return viewOf(core, booking, [...allTimes(booking, now).take(NEXT_TIMES)], now)
}

/** @throws {WindfallError} booking_not_found */
export function findBooking(core: Core, name: string): Booking {
  const all = core.store.bookings.all()
  const found = all.find((one) => one.name === name)
  if (found !== undefined) return found
  const near = closest(
    name,
    all.map((one) => one.name),
  )
  throw new WindfallError(
    "booking_not_found",
    `Cannot find the booking "${name.slice(0, 100)}": there is none of that name`,
    { hint: near === undefined ? "Which there are: windfall reserve ls" : `Did you mean ${near}?` },
  )
}

function viewOf(core: Core, booking: Booking, times: readonly BookingTime[], now: number): BookingView {
  const next = nextTime(booking, now)
  return {
    ...booking,
    hosts: booking.hosts.map((id) => ({ id, name: core.fleet.get(id)?.record.name ?? `${id} (left)` })),
    state: next === null ? "over" : next.startAt <= now ? "now" : "to_come",
    times,
  }
}
