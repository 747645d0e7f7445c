import assert from "node:assert/strict"
import { describe, it } from "node:test"
import type { BookingView } from "../../protocol/booking.ts"
import type { HostId } from "../../protocol/ids.ts"
import { timesBetween } from "../../scheduler/bookings/booking-times.ts"
import { bookedLines } from "./booked-lines.ts"
import { bookingCalendar } from "./booking-calendar.ts"
import { bookingDetails, bookingTable } from "./booking-text.ts"
import { textWidth } from "./table.ts"

const BERLIN = "Europe/Berlin"
const [HOUR_MS, DAY_MS] = [3_600_000, 86_400_000]
const utc = (text: string) => Date.parse(`${text}Z`)
/** A Friday, 12:00 on the wall in Berlin. */
const NOW_MS = utc("2026-11-27T11:00")

function view(change: Partial<BookingView>, fromMs = NOW_MS, days = 7): BookingView {
  const booking: BookingView = {
    name: "course",
    hosts: [
      { id: "h1" as HostId, name: "studio1" },
      { id: "h2" as HostId, name: "studio2" },
    ],
    users: ["ann"],
    accounts: ["lab"],
    maintenance: false,
    startAt: utc("2026-11-27T08:00"),
    durationMs: 6 * HOUR_MS,
    timeZone: BERLIN,
    repeats: "weekdays",
    untilAt: null,
    skipped: [],
    madeBy: "root",
    madeAt: NOW_MS,
    state: "now",
    times: [],
    ...change,
  }
  return { ...booking, times: timesBetween(booking, fromMs, fromMs + days * DAY_MS) }
}

const OFF = view({
  name: "off",
  hosts: [{ id: "h1" as HostId, name: "studio1" }],
  users: [],
  accounts: [],
  maintenance: true,
  startAt: utc("2026-11-28T17:00"),
  durationMs: 7 * HOUR_MS,
  repeats: null,
})

describe("bookings in words", () => {
  it("lists them by the clock of their zones, and shows one whole", () => {
    assert.equal(
      bookingTable([view({}), OFF], NOW_MS),
      [
        "NAME    NEXT                            FOR     AGAIN     HOSTS                WHOM",
        "course  now, until 15:00 Europe/Berlin  6h 00m  weekdays  studio1 and studio2  ann, account lab",
        "off     Sat 18:00 Europe/Berlin         7h 00m  -         studio1              maintenance",
        "",
      ].join("\n"),
    )
    const details = bookingDetails(view({}, NOW_MS, 4), NOW_MS)
    assert.match(details, /^times +09:00 to 15:00, now\n +Mon 09:00 to Mon 15:00$/m)
  })

  it("says how much time passes where the clock is changed meanwhile, and which of an hour that it shows twice", () => {
    const details = (startAt: number, durationMs: number) =>
      bookingDetails(view({ startAt, durationMs, repeats: null }, startAt), startAt - HOUR_MS)
    const day = details(utc("2027-03-27T08:00"), DAY_MS)
    assert.match(day, /^lasts +23h 00m \(1d by the calendar\)$/m)
    assert.match(day, /^times +09:00 to Sun 09:00$/m)
    assert.match(details(utc("2026-10-25T00:30"), HOUR_MS), /^times +02:30\+02:00 to 02:30\+01:00$/m)
    assert.match(details(utc("2026-10-24T23:30"), HOUR_MS), /^times +01:30 to 02:30\+02:00$/m)
    assert.match(details(utc("2026-10-25T01:30"), HOUR_MS), /^times +02:30\+01:00 to 03:30$/m)
  })
})

describe("a list of bookings", () => {
  it("says how long the next time is and when, also where that is farther ahead than the times that are told", () => {
    const row = (change: Partial<BookingView>) => bookingTable([view(change)], NOW_MS).split("\n")[1] ?? ""
    const night = { startAt: utc("2027-03-27T08:00"), durationMs: DAY_MS, repeats: null }
    assert.match(row(night), /^course +2027-03-27 09:00 Europe\/Berlin +23h 00m +- /)
    assert.match(row({ ...night, startAt: utc("2027-03-26T08:00") }), / 09:00 Europe\/Berlin +24h 00m +- /)
    const skipped = [0, 1, 2].map((week) => utc("2026-11-27T12:00") + week * 7 * DAY_MS)
    const weekly = { startAt: skipped[0] ?? 0, repeats: "weekly" as const, skipped }
    assert.match(row(weekly), /^course +2026-12-18 13:00 Europe\/Berlin +6h 00m +weekly /)
  })
})

describe("bookingCalendar()", () => {
  const week = (width: number, bookings = [view({}), OFF], fromMs = NOW_MS) =>
    bookingCalendar({ bookings, fromMs, timeZone: BERLIN, width })

  it("is a week, one line a host, a sign for each few hours", () => {
    assert.equal(
      week(80),
      [
        "2026-11-27 and on, by the clock of Europe/Berlin; a sign is 3 hours",
        "        Fri 27   Sat 28   Sun 29   Mon 30   Tue  1   Wed  2   Thu  3",
        "studio1 ...aa... ......## #....... ...aa... ...aa... ...aa... ...aa...",
        "studio2 ...aa... ........ ........ ...aa... ...aa... ...aa... ...aa...",
        "a  course: ann, account lab",
        "#  off: maintenance",
        "",
      ].join("\n"),
    )
  })

  it("is never wider than the terminal, with fewer days where that is narrow", () => {
    for (let width = 20; width < 200; width += 7)
      for (const line of week(width).split("\n")) assert.ok(textWidth(line) <= width, `${width}: ${line}`)
    assert.match(week(30), /\n {8}Fri 27 Sat 28 Sun 29\n/)
  })

  it("keeps its columns in the week in which the clock is changed", () => {
    const free = (fromMs: number, startAt: number) => {
      const nightly = view({ startAt, durationMs: 3 * HOUR_MS, repeats: "daily" }, fromMs)
      const cells = (week(200, [nightly], fromMs).split("\n")[2] ?? "").split(" ").slice(1)
      assert.ok(cells.length === 7 && cells.every((cell) => cell.length === 24))
      return cells.slice(1, 4).map((cell) => cell.indexOf("."))
    }
    // From midnight, on Saturday, Sunday and Monday: three hours end at 04:00 when one is jumped over, and amid the longer hour from 02:00 on.
    assert.deepEqual(free(utc("2026-03-27T10:00"), utc("2026-03-26T23:00")), [3, 4, 3])
    assert.deepEqual(free(utc("2026-10-23T10:00"), utc("2026-10-22T22:00")), [3, 3, 3])
  })

  it("says when nothing is booked", () => {
    assert.equal(week(80, []), "Nothing is booked in the week from 2026-11-27 (Europe/Berlin).\n")
  })
})

it("says of a host what it is booked for next", () => {
  const lines = bookedLines("h1", [view({}), OFF], NOW_MS)
  assert.deepEqual(lines, [
    "now to 15:00 Europe/Berlin: course (ann, account lab, weekdays)",
    "Sat 18:00 to Sun 01:00 Europe/Berlin: off (maintenance)",
  ])
  assert.deepEqual(bookedLines("h3", [view({}), OFF], NOW_MS), [])
})
