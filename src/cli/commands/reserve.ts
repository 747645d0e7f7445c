import type { BookingMade, BookingRequest } from "../../protocol/booking.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { readCount } from "../../protocol/job-values.ts"
import { readRecurrence } from "../../scheduler/time/recurrence.ts"
import type { Cli } from "../cli.ts"
import { command } from "../command-line/command.ts"
import { flag, notEmpty, value } from "../command-line/option.ts"
import { bookingDetails } from "../render/booking-text.ts"
import { localZone, readBookedMs, readMoment, readNames, readZone } from "../reserve/read-booking.ts"
import { printJson, say } from "../say.ts"

export const reserve = command({
  name: "reserve",
  operands: "",
  about:
    "Keeps hosts for some people, or for maintenance, in a time that may come again: then only their jobs run there, and before it no job starts there that may still run when it begins. Administrators may, coordinators for their accounts, and users for themselves where the policy lets them.",
  minimum: 0,
  maximum: 0,
  options: {
    nodes: value("N", "so many hosts, chosen so that they can be kept", (text) => readCount(text, 1, 1_000), {
      short: "N",
      also: ["count"],
    }),
    hosts: value("A,B", "these hosts", readNames, { also: ["host"] }),
    partition: value("NAME", "choose from this partition; without --nodes, all of it", notEmpty, { short: "p" }),
    all: flag("all hosts of the pool"),
    from: value("WHEN", "when it begins: 'tomorrow 09:00', 2026-12-24T09:00, now (default)", notEmpty),
    for: value("DURATION", "how long it lasts: 3h, 1d", readBookedMs),
    users: value("A,B", "whose jobs run there", readNames, { also: ["user"], short: "u" }),
    accounts: value("A,B", "whose jobs run there: accounts of the policy, with all below them", readNames, {
      also: ["account"],
    }),
    maintenance: flag("nobody's jobs run there"),
    every: value("TIMES", "it comes again: hourly, daily, weekdays, weekends, weekly", readRecurrence),
    until: value("WHEN", "with --every: it does not come again then or later", notEmpty),
    zone: value("NAME", "the time zone by whose clock it comes (default: this machine's)", readZone),
    name: value("NAME", "what to call it (default: made from whom it is for)", notEmpty),
    json: flag("print it as JSON, with what is to be known of it"),
  },
  examples: [
    ["windfall reserve --nodes 2 --from 'tomorrow 09:00' --for 3h --users a,b", "two hosts"],
    ["windfall reserve --all --for 3h --from 09:00 --every weekdays --users ann", "each working day"],
    ["windfall reserve --all --maintenance --from 'tomorrow 18:00' --for 2h", "nobody runs"],
  ],
  async run(cli, options) {
    const now = cli.clock.now()
    const timeZone = options.zone ?? localZone()
    if (options.for === undefined) {
      throw new WindfallError("invalid_input", "Cannot keep hosts: nothing says for how long", {
        hint: "For instance: windfall reserve --nodes 2 --from 'tomorrow 09:00' --for 3h --users ann",
      })
    }
    const from = readMoment("--from", options.from ?? "now", now, timeZone)
    const until = options.until === undefined ? null : readMoment("--until", options.until, now, timeZone)
    const request: BookingRequest = {
      name: options.name ?? null,
      hosts: options.hosts ?? null,
      count: options.nodes ?? null,
      partition: options.partition ?? null,
      all: options.all,
      users: options.users ?? [],
      accounts: options.accounts ?? [],
      maintenance: options.maintenance,
      startAt: from.at,
      askedWallAt: from.askedWallAt,
      durationMs: options.for,
      timeZone,
      repeats: options.every ?? null,
      untilAt: until?.at ?? null,
    }
    await printMade(cli, await cli.client.post<BookingMade>("/v1/bookings", request), options.json)
    return 0
  },
})

/** A booking as it is now; what is to be known of it goes to standard error. */
export async function printMade(cli: Cli, made: BookingMade, json: boolean): Promise<void> {
  if (json) await printJson(cli, made)
  else {
    await cli.stdout.write(bookingDetails(made.booking, cli.clock.now()))
    for (const notice of made.notices) await say(cli, notice)
  }
}
