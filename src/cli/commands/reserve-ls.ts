import type { BookingList, BookingView } from "../../protocol/booking.ts"
import { command } from "../command-line/command.ts"
import { flag, notEmpty, value } from "../command-line/option.ts"
import { bookingCalendar, dayMs } from "../render/booking-calendar.ts"
import { bookingDetails, bookingTable } from "../render/booking-text.ts"
import { localZone, readMoment, readZone } from "../reserve/read-booking.ts"
import { printJson } from "../say.ts"

export const reserveLs = command({
  name: "reserve ls",
  operands: "",
  about:
    "Lists bookings that are not over, each by the clock of its zone; with --calendar a week of them, host by host.",
  minimum: 0,
  maximum: 0,
  options: {
    calendar: flag("a week, one line a host", { short: "c" }),
    from: value("WHEN", "with --calendar: the first day (default: today)", notEmpty),
    zone: value("NAME", "with --calendar: by the clock of this zone (default: this machine's)", readZone),
    json: flag("print the bookings as JSON, one a line, with their times of 14 days"),
  },
  examples: [
    ["windfall reserve ls --calendar", "the seven days from today"],
    ["windfall reserve ls --calendar --from 2026-12-21", "another week"],
  ],
  async run(cli, options) {
    const now = cli.clock.now()
    const timeZone = options.zone ?? localZone()
    const { at: fromMs } = readMoment("--from", options.from ?? "today", now, timeZone)
    const isFrom = options.calendar || options.from !== undefined
    const span = isFrom
      ? `?from=${dayMs(fromMs, timeZone, 0)}&to=${dayMs(fromMs, timeZone, options.calendar ? 7 : 14)}`
      : ""
    const { bookings } = await cli.client.get<BookingList>(`/v1/bookings${span}`)
    if (options.json) for (const one of bookings) await printJson(cli, one)
    else if (options.calendar) {
      await cli.stdout.write(bookingCalendar({ bookings, fromMs, timeZone, width: cli.stdout.columns }))
    } else if (bookings.length === 0) await cli.stdout.write("Nothing is booked. Keep hosts: windfall reserve\n")
    else await cli.stdout.write(bookingTable(bookings, now, cli.stdout.isTerminal ? cli.stdout.columns : undefined))
    return 0
  },
})

export const reserveShow = command({
  name: "reserve show",
  operands: "NAME",
  about: "Shows a booking: its hosts, for whom they are kept, and its next times.",
  minimum: 1,
  maximum: 1,
  options: { json: flag("print it as JSON") },
  examples: [],
  async run(cli, options, [name = ""]) {
    const booking = await cli.client.get<BookingView>(`/v1/bookings/${encodeURIComponent(name)}`)
    if (options.json) await printJson(cli, booking)
    else await cli.stdout.write(bookingDetails(booking, cli.clock.now()))
    return 0
  },
})
