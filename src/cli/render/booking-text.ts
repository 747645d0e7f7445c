import { formatDuration } from "../../base/duration.ts"
import type { BookingView } from "../../protocol/booking.ts"
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
    formatDuration(booking.durationMs),
    booking.repeats ?? "-",
    firstAndMore(booking.hosts.map(({ name }) => name)),
    whomText(booking),
  ])
  return renderTable(columns, rows, width)
}

/** All about one. */
export function bookingDetails(booking: BookingView, nowMs: number): string {
  const { name, hosts, timeZone, durationMs, repeats, untilAt, times, madeBy, madeAt } = booking
  const at = (ms: number) => wallText(ms, timeZone, nowMs)
  const again = repeats === null ? "once" : `${repeats}${untilAt === null ? "" : ` until ${at(untilAt)}`}`
  const pairs: (readonly [string, string])[] = [
    ["name", name],
    ["for", whomText(booking)],
    ["hosts", hosts.map((host) => host.name).join(", ")],
    ["lasts", formatDuration(durationMs)],
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

/** The next time of each booking that has the host: for whom and when, by the clock of its zone. */
export function bookedLines(host: string, bookings: readonly BookingView[], nowMs: number): readonly string[] {
  return bookings.flatMap((booking) => {
    const next = booking.times.find(({ skipped }) => !skipped)
    if (next === undefined || !booking.hosts.some(({ id }) => id === host)) return []
    const at = (ms: number) => wallText(ms, booking.timeZone, nowMs)
    const when = `${next.startAt <= nowMs ? "now" : at(next.startAt)} to ${at(next.endAt)} ${booking.timeZone}`
    return [`${when}: ${booking.name} (${whomText(booking)}${booking.repeats === null ? "" : `, ${booking.repeats}`})`]
  })
}

export function whomText({ maintenance, users, accounts }: BookingView): string {
  return maintenance ? "maintenance" : [...users, ...accounts.map((name) => `account ${name}`)].join(", ")
}

function nextText({ times, timeZone, startAt }: BookingView, nowMs: number): string {
  const next = times.find(({ skipped }) => !skipped)
  if (next !== undefined && next.startAt <= nowMs)
    return `now, until ${wallText(next.endAt, timeZone, nowMs)} ${timeZone}`
  return `${wallText(next?.startAt ?? startAt, timeZone, nowMs)} ${timeZone}`
}
