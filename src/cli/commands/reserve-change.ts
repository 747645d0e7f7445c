import { localTime } from "../../base/zone-time.ts"
import type { BookingChange, BookingList, BookingMade, BookingTime, BookingView } from "../../protocol/booking.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { readRecurrence } from "../../scheduler/time/recurrence.ts"
import { wallText } from "../../scheduler/time/wall-text.ts"
import type { Cli } from "../cli.ts"
import { command } from "../command-line/command.ts"
import { flag, notEmpty, value } from "../command-line/option.ts"
import { dayMs } from "../render/booking-calendar.ts"
import { readBookedMs, readMoment, readNames, readZone } from "../reserve/read-booking.ts"
import { printMade } from "./reserve.ts"

export const reserveRm = command({
  name: "reserve rm",
  operands: "NAME...",
  about: "Removes bookings: their hosts are everybody's again. Whoever made one may, and administrators.",
  minimum: 1,
  maximum: 100,
  options: {},
  examples: [],
  async run(cli, _options, names) {
    for (const name of names) {
      await cli.client.delete(`/v1/bookings/${encodeURIComponent(name)}`)
      await cli.stdout.write(`${name} is removed\n`)
    }
    return 0
  },
})

export const reserveSkip = command({
  name: "reserve skip",
  operands: "NAME WHEN",
  about:
    "Leaves out one time of a booking that comes again, by its day or the moment at which it begins, by the clock of its zone.",
  minimum: 2,
  maximum: 2,
  options: { undo: flag("let it take place all the same"), json: flag("print the booking as JSON") },
  examples: [["windfall reserve skip course 2026-12-24", "not on that day"]],
  async run(cli, options, [name = "", typed = ""]) {
    const booking = await cli.client.get<BookingView>(`/v1/bookings/${encodeURIComponent(name)}`)
    const { startAt } = await timeMeant(cli, booking, typed)
    const made = await cli.client.post<BookingMade>(`/v1/bookings/${encodeURIComponent(name)}/skip`, {
      startAt,
      undo: options.undo,
    })
    await printMade(cli, made, options.json)
    return 0
  },
})

export const reserveSet = command({
  name: "reserve set",
  operands: "NAME",
  about: "Changes a booking; what is not said stays. It is refused where another booking would be in the way.",
  minimum: 1,
  maximum: 1,
  options: {
    hosts: value("A,B", "these hosts instead", readNames),
    from: value("WHEN", "when it begins the first time", notEmpty),
    for: value("DURATION", "how long it lasts", readBookedMs),
    users: value("A,B", "whose jobs run there", readNames),
    accounts: value("A,B", "accounts whose jobs run there", readNames),
    every: value("TIMES", "it comes again: hourly, daily, weekdays, weekends, weekly; or once", (text) => ({
      repeats: text === "once" ? null : readRecurrence(text),
    })),
    until: value("WHEN", "it does not come again then or later; or never", notEmpty),
    zone: value("NAME", "the time zone by whose clock it comes", readZone),
    json: flag("print it as JSON"),
  },
  examples: [["windfall reserve set course --until 2027-02-01", "it ends then"]],
  async run(cli, options, [name = ""]) {
    const path = `/v1/bookings/${encodeURIComponent(name)}`
    const timeZone = options.zone ?? (await cli.client.get<BookingView>(path)).timeZone
    const now = cli.clock.now()
    const from = options.from === undefined ? undefined : readMoment("--from", options.from, now, timeZone)
    const until =
      options.until === undefined || options.until === "never"
        ? null
        : readMoment("--until", options.until, now, timeZone)
    const change: BookingChange = {
      hosts: options.hosts,
      users: options.users,
      accounts: options.accounts,
      startAt: from?.at,
      askedWallAt: from?.askedWallAt,
      durationMs: options.for,
      timeZone: options.zone,
      ...options.every,
      ...(options.until === undefined ? {} : { untilAt: until?.at ?? null }),
    }
    await printMade(cli, await cli.client.post<BookingMade>(path, change), options.json)
    return 0
  },
})

/** The time that begins at that moment, or the only one of that day. */
async function timeMeant(cli: Cli, { name, timeZone }: BookingView, typed: string): Promise<BookingTime> {
  const now = cli.clock.now()
  const { at } = readMoment("WHEN", typed, now, timeZone)
  const [fromMs, toMs] = [dayMs(at, timeZone, 0), dayMs(at, timeZone, 1)]
  const { bookings } = await cli.client.get<BookingList>(`/v1/bookings?from=${fromMs}&to=${toMs}`)
  const times = (bookings.find((one) => one.name === name)?.times ?? []).filter(({ startAt }) => startAt >= fromMs)
  const exact = times.find(({ startAt }) => startAt === at)
  if (exact !== undefined) return exact
  const isDay = localTime(timeZone, at).msOfDay === 0
  if (isDay && times.length === 1) return times[0]!
  const begins = times.map(({ startAt }) => wallText(startAt, timeZone, now)).slice(0, 5)
  throw new WindfallError(
    "invalid_input",
    times.length === 0
      ? `Cannot skip ${typed} of ${name}: none of its times begins on that day`
      : `Cannot skip ${typed} of ${name}: on that day it begins at ${begins.join(", ")}`,
    { hint: `When it begins: windfall reserve show ${name}` },
  )
}
