import * as z from "zod"
import { isTimeZone } from "../../base/zone-time.ts"
import {
  type BookingChange,
  type BookingList,
  type BookingMade,
  type BookingRequest,
  type BookingView,
  LONGEST_BOOKING_MS,
  RECURRENCES,
  SHORTEST_BOOKING_MS,
  type SkipRequest,
} from "../../protocol/booking.ts"
import { bookingList, bookingView, findBooking } from "../bookings/booking-view.ts"
import { changeBooking, makeBooking, removeBooking, skipTime } from "../bookings/make-booking.ts"
import { nothing } from "./answers/answer.ts"
import { booking, bookingMade, bookings } from "./answers/booking-answers.ts"
import { type Route, route } from "./route.ts"
import { label, text, within } from "./schema-parts.ts"

const hosts = z.array(text(200)).min(1).max(1_000).describe("Names or ids")
const users = z.array(text(64)).max(200)
const accounts = z.array(label).max(200)
/** To the end of the year 9999, beyond which no date is written. */
const moment = z.int().min(0).max(253_402_300_799_999).describe("Milliseconds since 1970")
const durationMs = within({ minimum: SHORTEST_BOOKING_MS, maximum: LONGEST_BOOKING_MS })
const timeZone = text(64)
  .refine(isTimeZone, "must be the name of a time zone, as Europe/Berlin")
  .describe("The IANA name of the zone by whose clock it comes again")
const askedWallAt = moment.describe(
  "What the clock was to show at startAt, as if that were UTC, where it jumps over that: times that follow begin then",
)
const repeats = z.enum(RECURRENCES).nullable()

export const bookingRequest = z.strictObject({
  name: label.nullable().default(null).describe("null: the server makes one"),
  hosts: hosts.nullable().default(null),
  count: z.int().min(1).max(1_000).nullable().default(null).describe("So many hosts, chosen so that they can be kept"),
  partition: label.nullable().default(null).describe("The hosts to choose from, or to take all of"),
  all: z.boolean().default(false).describe("All hosts of the pool"),
  users: users.default([]),
  accounts: accounts.default([]),
  maintenance: z.boolean().default(false).describe("Nobody's jobs run there then"),
  startAt: moment,
  askedWallAt: askedWallAt.optional(),
  durationMs,
  timeZone,
  repeats: repeats.default(null),
  untilAt: moment.nullable().default(null).describe("No time of it begins then or later"),
})
export const bookingChange = z.strictObject({
  hosts: hosts.optional(),
  users: users.optional(),
  accounts: accounts.optional(),
  startAt: moment.optional(),
  askedWallAt: askedWallAt.optional(),
  durationMs: durationMs.optional(),
  timeZone: timeZone.optional(),
  repeats: repeats.optional(),
  untilAt: moment.nullable().optional(),
})
export const skipRequest = z.strictObject({
  startAt: moment.describe("When that time begins"),
  undo: z.boolean().default(false),
})
const span = z.object({
  from: z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number)
    .optional()
    .describe("Milliseconds since 1970; now when left out"),
  to: z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number)
    .optional()
    .describe("14 days later when left out"),
})

export const bookingRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/bookings",
    summary: "Lists bookings that are not over, with their times in a span",
    answer: bookings,
    query: span,
    respond: ({ core, query }): BookingList => bookingList(core, { from: query.from ?? null, to: query.to ?? null }),
  }),
  route({
    method: "GET",
    path: "/v1/bookings/:name",
    summary: "Shows a booking with its next times",
    answer: booking,
    respond: ({ core, params }): BookingView => bookingView(core, findBooking(core, params.name ?? "")),
  }),
  route({
    method: "POST",
    path: "/v1/bookings",
    summary: "Keeps hosts for some people, or for maintenance, in a time that may come again",
    answer: bookingMade,
    body: bookingRequest,
    change: ({ core, caller, body }): BookingMade => makeBooking(core, body, caller),
  }),
  route({
    method: "POST",
    path: "/v1/bookings/:name",
    summary: "Changes a booking; what is left out stays",
    answer: bookingMade,
    body: bookingChange,
    change: ({ core, caller, params, body }): BookingMade => changeBooking(core, params.name ?? "", body, caller),
  }),
  route({
    method: "POST",
    path: "/v1/bookings/:name/skip",
    summary: "Leaves out one time of a booking, or takes that back",
    answer: bookingMade,
    body: skipRequest,
    change: ({ core, caller, params, body }): BookingMade => skipTime(core, params.name ?? "", body, caller),
  }),
  route({
    method: "DELETE",
    path: "/v1/bookings/:name",
    summary: "Removes a booking: its hosts are everybody's again",
    answer: nothing,
    change: ({ core, caller, params }) => {
      removeBooking(core, params.name ?? "", caller)
      return {}
    },
  }),
]

type Same<A, B> = [A] extends [B] ? true : never
export const BOOKING_SCHEMAS_AGREE: readonly [
  Same<z.output<typeof bookingRequest>, BookingRequest>,
  Same<keyof BookingRequest, keyof z.output<typeof bookingRequest>>,
  Same<z.output<typeof bookingChange>, BookingChange>,
  Same<z.output<typeof skipRequest>, SkipRequest>,
] = [true, true, true, true]
