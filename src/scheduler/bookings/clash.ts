import type { BookingTime } from "../../protocol/booking.ts"
import { type Times, timesBetween } from "./booking-times.ts"

/**
 * How far two that both come again are compared from where the later one begins: beyond a year everything has been seen, each change of
 * the clock, too.
 */
const COMPARED_MS = 400 * 86_400_000

/** Where two bookings are on first at once. */
export interface Clash {
  readonly one: BookingTime
  readonly other: BookingTime
}

/**
 * The first times of two bookings that overlap; `null` when none do. One that ends when the other begins does not. Exact but for two that
 * come again for more than a year, whose zones change their rules by then.
 * @param nowMs what has ended by then does not count
 */
export function firstClash(one: Times, other: Times, nowMs: number): Clash | null {
  const fromMs = Math.max(nowMs, one.startAt, other.startAt)
  const toMs = Math.min(lastMs(one), lastMs(other), fromMs + COMPARED_MS)
  const [ours, theirs] = [timesBetween(one, fromMs, toMs), timesBetween(other, fromMs, toMs)]
  for (let a = 0, b = 0; a < ours.length && b < theirs.length; ) {
    const [mine, its] = [ours[a]!, theirs[b]!]
    if (mine.endAt <= its.startAt) a++
    else if (its.endAt <= mine.startAt) b++
    else return { one: mine, other: its }
  }
  return null
}

/** No time of it is on then any more, as far as that is known without looking; a day of the calendar may be an hour longer. */
function lastMs({ startAt, durationMs, repeats, untilAt }: Times): number {
  const longest = durationMs + 86_400_000
  if (repeats === null) return startAt + longest
  return untilAt === null ? Number.POSITIVE_INFINITY : untilAt + longest
}
