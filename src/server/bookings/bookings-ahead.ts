import type { Booking, BookingTime } from "../../protocol/booking.ts"
import { nextTime, timesBetween } from "../../scheduler/bookings/booking-times.ts"
import type { BookedTime } from "../../scheduler/bookings/kept-hosts.ts"
import { accountsBelow } from "../../scheduler/policy/accounts-below.ts"
import { KNOWN_AHEAD_MS } from "../../scheduler/queue/booking-reasons.ts"
import type { Core } from "../core.ts"
import { currentPolicy } from "../policy/pool-policy.ts"

const DAY_MS = 86_400_000

/** How far ahead bookings keep off jobs that have no time limit. Farther ahead they look at jobs with a limit that reaches so far. */
export const BOOKED_AHEAD_MS = KNOWN_AHEAD_MS

/** Times of a booking that were reckoned last, from one moment to another. A change makes another booking of it. */
const RECKONED = new WeakMap<
  Booking,
  { readonly fromMs: number; readonly toMs: number; readonly times: readonly BookingTime[] }
>()

/**
 * The bookings in force and to come, time by time, that whoever starts now may run into.
 * @param longestMs the longest time limit of a job that waits; asked for only where there are bookings
 */
export function bookingsAhead(core: Core, nowMs: number, longestMs: () => number = () => 0): readonly BookedTime[] {
  const bookings = core.store.bookings.all()
  if (bookings.length === 0) return []
  const policy = currentPolicy(core)
  const toMs = nowMs + Math.max(BOOKED_AHEAD_MS, longestMs())
  return bookings.flatMap((booking) => {
    const times = timesAhead(booking, nowMs, toMs)
    if (times.length === 0) return []
    const { name, users, timeZone, maintenance } = booking
    const hosts = new Set(booking.hosts)
    const accounts = accountsBelow(policy, booking.accounts)
    return times.map(({ startAt, endAt }) => ({
      name,
      hosts,
      startMs: startAt,
      endMs: endAt,
      users,
      accounts,
      timeZone,
      maintenance,
    }))
  })
}

/** When to plan again for the sake of bookings: the next time one begins or ends. `null`: there are none. */
export function nextBookingChange(core: Core, nowMs: number): number | null {
  const bookings = core.store.bookings.all()
  if (bookings.length === 0) return null
  // What is farther away than that is seen by then.
  let next = nowMs + BOOKED_AHEAD_MS
  for (const booking of bookings) {
    for (const { startAt, endAt } of timesAhead(booking, nowMs, next)) {
      next = Math.min(next, startAt > nowMs ? startAt : endAt)
    }
  }
  return next
}

function timesAhead(booking: Booking, nowMs: number, toMs: number): readonly BookingTime[] {
  let reckoned = RECKONED.get(booking)
  if (reckoned === undefined || nowMs < reckoned.fromMs || toMs > reckoned.toMs) {
    // A day more than is asked for, so that it holds for a while.
    reckoned = { fromMs: nowMs, toMs: toMs + DAY_MS, times: timesBetween(booking, nowMs, toMs + DAY_MS) }
    RECKONED.set(booking, reckoned)
  }
  const times = reckoned.times.filter(({ startAt, endAt }) => endAt > nowMs && startAt < toMs)
  if (times.length > 0) return times
  // Jobs may wait for it however far ahead it is.
  const next = nextTime(booking, nowMs)
  return next === null ? [] : [next]
}
