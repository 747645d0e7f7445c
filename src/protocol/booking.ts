import type { HostId } from "./ids.ts"

/** How a booking comes again; weekdays are Monday to Friday, weekends the two other days. */
export const RECURRENCES = ["hourly", "daily", "weekdays", "weekends", "weekly"] as const

export type Recurrence = (typeof RECURRENCES)[number]

/** Hosts that are kept for some people, or for maintenance, in a time that may come again: what `windfall reserve` makes. */
export interface Booking {
  /** Names are those of bookings that are not over yet. */
  readonly name: string
  /** Chosen when it was made. Hosts that have left the pool since then stay in it, in case they come back. */
  readonly hosts: readonly HostId[]
  /** Whose jobs run there then. */
  readonly users: readonly string[]
  /** Jobs of these accounts, too, and of all accounts below them. */
  readonly accounts: readonly string[]
  /** Nobody's jobs run there then; `users` and `accounts` are empty. */
  readonly maintenance: boolean
  /** When it begins the first time. */
  readonly startAt: number
  /**
   * What the clock of its zone was to show then, as a moment of UTC, where the clock jumps over that: times that follow begin when it shows the
   * same. Left out: what it shows at `startAt`.
   */
  readonly askedWallAt?: number | undefined
  /** As it was asked for: whole days of it are days of the calendar, so that a time of it may be longer or shorter where the clock is changed. */
  readonly durationMs: number
  /** The IANA name of the zone by whose clock it comes again. */
  readonly timeZone: string
  /** `null`: it comes once. */
  readonly repeats: Recurrence | null
  /** No time of it begins then or later; `null`: it never ends. */
  readonly untilAt: number | null
  /** Begins of times that are left out. */
  readonly skipped: readonly number[]
  readonly madeBy: string
  readonly madeAt: number
}

/** A time of a booking, as it is shown of a host that is kept in it. */
export interface HostBooking extends Pick<Booking, "name" | "users" | "accounts" | "maintenance" | "timeZone"> {
  readonly state: "now" | "to_come"
  readonly startAt: number
  readonly endAt: number
  /** Jobs of whoever asks may start there then. */
  readonly forYou: boolean
}

/** Longest time of a booking, and the farthest ahead that its first may begin. */
export const LONGEST_BOOKING_MS = 366 * 86_400_000
export const SHORTEST_BOOKING_MS = 60_000
/** Bookings at once, and times of one that are left out. */
export const MOST_BOOKINGS = 500
export const MOST_SKIPPED = 500

/** POST /v1/bookings: administrators, coordinators for whom they coordinate, and users for themselves where the policy lets them. */
export interface BookingRequest {
  /** `null`: the server makes one. */
  readonly name: string | null
  /** Names or ids; `null`: chosen by `count` or by partition. Not with `count`. */
  readonly hosts: readonly string[] | null
  /** So many hosts, chosen by the server so that they can be kept; `null`: all of the partition. */
  readonly count: number | null
  /** The hosts to choose from, or to take all of; `null`: all hosts of the pool. Taking all of the pool wants `all`. */
  readonly partition: string | null
  readonly all: boolean
  readonly users: readonly string[]
  readonly accounts: readonly string[]
  readonly maintenance: boolean
  readonly startAt: number
  /** As {@link Booking.askedWallAt}. */
  readonly askedWallAt?: number | undefined
  readonly durationMs: number
  readonly timeZone: string
  readonly repeats: Recurrence | null
  readonly untilAt: number | null
}

/** POST /v1/bookings/NAME: what is left out stays as it is. */
export interface BookingChange {
  readonly hosts?: readonly string[] | undefined
  readonly users?: readonly string[] | undefined
  readonly accounts?: readonly string[] | undefined
  readonly startAt?: number | undefined
  /** Goes with `startAt`. A new start or zone forgets the one before. */
  readonly askedWallAt?: number | undefined
  readonly durationMs?: number | undefined
  readonly timeZone?: string | undefined
  readonly repeats?: Recurrence | null | undefined
  readonly untilAt?: number | null | undefined
}

/** POST /v1/bookings/NAME/skip: leaves out the time that begins then, or takes that back. */
export interface SkipRequest {
  readonly startAt: number
  readonly undo: boolean
}

/** One time of a booking. */
export interface BookingTime {
  readonly startAt: number
  readonly endAt: number
  readonly skipped: boolean
}

export interface BookingView extends Omit<Booking, "hosts"> {
  readonly hosts: readonly { readonly id: HostId; readonly name: string }[]
  readonly state: "now" | "to_come" | "over"
  /** Of the span that was asked for, or the next ones. */
  readonly times: readonly BookingTime[]
}

/** GET /v1/bookings?from=MS&to=MS: bookings that are not over, with their times in that span (14 days from now when nothing is said). */
export interface BookingList {
  readonly bookings: readonly BookingView[]
}

/** What making or changing one answers. */
export interface BookingMade {
  readonly booking: BookingView
  /** What is to be known: jobs that may still run then, an hour that the clock shows twice or not at all. */
  readonly notices: readonly string[]
}
