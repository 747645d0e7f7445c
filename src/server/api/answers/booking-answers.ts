import * as z from "zod"
import { type BookingList, type BookingMade, type BookingView, RECURRENCES } from "../../../protocol/booking.ts"
import { answer, count, type Describes, time } from "./answer.ts"

export const booking = answer(
  "Booking",
  "Hosts that are kept for some people, or for maintenance",
  z.object({
    name: z.string(),
    hosts: z.array(z.object({ id: z.string(), name: z.string() })),
    users: z.array(z.string()),
    accounts: z.array(z.string()).describe("With all below them"),
    maintenance: z.boolean().describe("Nobody's jobs run there then"),
    startAt: time.describe("When it begins the first time"),
    askedWallAt: time
      .optional()
      .describe("What the clock was to show then, as if that were UTC, where it jumps over that"),
    durationMs: count,
    timeZone: z.string().describe("The IANA name of the zone by whose clock it comes again"),
    repeats: z.enum(RECURRENCES).nullable(),
    untilAt: time.nullable().describe("No time of it begins then or later"),
    skipped: z.array(time).describe("Begins of times that are left out"),
    madeBy: z.string(),
    madeAt: time,
    state: z.enum(["now", "to_come", "over"]),
    times: z.array(z.object({ startAt: time, endAt: time, skipped: z.boolean() })),
  }),
)

export const bookings = answer("Bookings", "Bookings that are not over", z.object({ bookings: z.array(booking) }))

export const bookingMade = answer(
  "BookingMade",
  "A booking as it is now, and what is to be known of it",
  z.object({ booking, notices: z.array(z.string()) }),
)

export const BOOKING_ANSWERS_AGREE: readonly [
  Describes<typeof booking, BookingView>,
  Describes<typeof bookings, BookingList>,
  Describes<typeof bookingMade, BookingMade>,
] = [true, true, true]
