import { formatDuration } from "../../base/duration.ts"
import type { BookingTime, BookingView, HostBooking } from "../../protocol/booking.ts"
import { bookedFor } from "../../protocol/host-standing.ts"
import { nextTime } from "../../scheduler/bookings/booking-times.ts"
import { lastsText } from "../../scheduler/bookings/lasts-text.ts"
import { wallText } from "../../scheduler/time/wall-text.ts"
import { firstAndMore, renderPairs, renderTable } from "./table.ts"

/** Bookings one a line, by the clock of the zone of each. */
export function bookingTable(bookings: readonly BookingView[], nowMs: number, width?: number): string {
  const columns = [
    { title: "NAME" },
    { title: "NEXT" },
    { title: "FOR" },
    { title: "AGAIN" },
    { title: "HOSTS" },
    { title: "WHOM" },
  ]
  const rows = bookings.map((booking) => [
    booking.name,
    nextText(booking, nowMs),
    formatDuration(lengthOf(booking, nowMs)),
    booking.repeats ?? "-",
    firstAndMore(booking.hosts.map(({ name }) => name)),
    whomText(booking),
  ])
  return renderTable(columns, rows, width)
}

/** All about one. */
export function bookingDetails(booking: BookingView, nowMs: number): string {
  const { name, hosts, timeZone, repeats, untilAt, times, madeBy, madeAt } = booking
  const at = (ms: number) => wallText(ms, timeZone, nowMs)
  const again = repeats === null ? "once" : `${repeats}${untilAt === null ? "" : ` until ${at(untilAt)}`}`
  const pairs: (readonly [string, string])[] = [
    ["name", name],
    ["for", whomText(booking)],
    ["hosts", hosts.map((host) => host.name).join(", ")],
    ["lasts", lastsText(booking, nextOf(booking, nowMs))],
    ["comes", again],
    ["zone", timeZone],
    ["made", `by ${madeBy}, ${at(madeAt)}`],
    ...times.map(({ startAt, endAt, skipped }, number): readonly [string, string] => [
      number === 0 ? "times" : "",
      `${at(startAt)} to ${at(endAt)}${skipped ? ", left out" : startAt <= nowMs ? ", now" : ""}`,
    ]),
  ]
  return renderPairs(times.length === 0 ? [...pairs, ["times", "it is over"]] : pairs)
}

export const whomText: (booking: BookingView) => string = bookedFor

/** In which bookings a host is kept now or soon, for its line: in full, and in short. "" where it is in none. */
export function hostBookingTexts(bookings: readonly HostBooking[], nowMs: number): readonly [string, string] {
  const [first, ...more] = bookings
  if (first === undefined) return ["", ""]
  const at = (ms: number) => wallText(ms, first.timeZone, nowMs)
  const rest = more.length === 0 ? "" : ` +${more.length}`
  const isNow = first.state === "now"
  const when = isNow ? `now until ${at(first.endAt)}` : `${at(first.startAt)} to ${at(first.endAt)}`
  return [`${when}, ${bookedFor(first)}${rest}`, isNow ? "now" : at(first.startAt)]
}

/** Also where it is farther ahead than the times that are told. */
function nextOf(booking: BookingView, nowMs: number): BookingTime | undefined {
  return booking.times.find(({ skipped }) => !skipped) ?? nextTime(booking, nowMs) ?? undefined
}

/** What passes the next time. */
function lengthOf(booking: BookingView, nowMs: number): number {
  const next = nextOf(booking, nowMs)
  return next === undefined ? booking.durationMs : next.endAt - next.startAt
}

function nextText(booking: BookingView, nowMs: number): string {
  const { timeZone, startAt } = booking
  const next = nextOf(booking, nowMs)
  if (next !== undefined && next.startAt <= nowMs)
    return `now, until ${wallText(next.endAt, timeZone, nowMs)} ${timeZone}`
  return `${wallText(next?.startAt ?? startAt, timeZone, nowMs)} ${timeZone}`
}
