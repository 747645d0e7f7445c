import { localTime, wallMsAt } from "../../base/zone-time.ts"
import type { BookingView } from "../../protocol/booking.ts"
import { dayText } from "../../scheduler/time/wall-text.ts"
import { whomText } from "./booking-text.ts"
import { cutText, textWidth } from "./table.ts"

const HOUR_MS = 3_600_000
const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] as const
const SIGNS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
const MAINTENANCE = "#"
const MANY = "*"
const FREE = "."
/** Hours of one sign, from fine to coarse; a day is a column of at least so many signs that its title fits. */
const STEPS_HOURS = [1, 2, 3, 4] as const
const LONGEST_NAME = 16

/** A week of bookings. */
export interface CalendarView {
  readonly bookings: readonly BookingView[]
  /** A moment of the first day. */
  readonly fromMs: number
  /** By whose clock. */
  readonly timeZone: string
  /** Columns of the terminal. */
  readonly width: number
}

/** The moment at which the day begins, so many days after that of `fromMs`. */
export function dayMs(fromMs: number, timeZone: string, days: number): number {
  const day = localTime(timeZone, fromMs)
  return wallMsAt(timeZone, { ...day, day: day.day + days }, 0)
}

/**
 * The hosts that are booked within a week, one a line, a sign for each few hours of each day; fewer days where the terminal is narrow. What
 * is left out of a booking is free. Below, what each sign stands for.
 */
export function bookingCalendar({ bookings, fromMs, timeZone, width }: CalendarView): string {
  const endMs = dayMs(fromMs, timeZone, 7)
  const beginMs = dayMs(fromMs, timeZone, 0)
  const shown = bookings.filter(({ times }) => times.some((time) => isIn(time, beginMs, endMs)))
  const hosts = [...new Set(shown.flatMap((booking) => booking.hosts.map(({ name }) => name)))].sort()
  const from = dayText(localTime(timeZone, fromMs))
  if (hosts.length === 0) return `Nothing is booked in the week from ${from} (${timeZone}).\n`
  const nameWidth = Math.min(LONGEST_NAME, Math.max(...hosts.map(textWidth)))
  const { days, stepHours } = layout(width - nameWidth)
  const signs = new Map(shown.map((one, at) => [one, signOf(one, at)]))
  const dayWidth = 24 / stepHours
  const lines = [
    `${from} and on, by the clock of ${timeZone}; a sign is ${stepHours === 1 ? "an hour" : `${stepHours} hours`}`,
  ]
  const titles = range(days).map((day) => {
    const at = localTime(timeZone, dayMs(fromMs, timeZone, day))
    return `${DAYS[at.weekday]} ${String(at.day).padStart(2, " ")}`.padEnd(dayWidth)
  })
  lines.push([" ".repeat(nameWidth), ...titles].join(" ").trimEnd())
  for (const host of hosts) {
    const own = shown.filter((booking) => booking.hosts.some(({ name }) => name === host))
    const cells = range(days).map((day) =>
      range(dayWidth)
        .map((step) => {
          const slot = [step, step + 1].map((at) => slotMs(fromMs, timeZone, day, at * stepHours)) as [number, number]
          const there = own.filter(({ times }) => times.some((time) => isIn(time, ...slot)))
          return there.length > 1 ? MANY : there.length === 0 ? FREE : signs.get(there[0]!)!
        })
        .join(""),
    )
    lines.push([cutText(host, nameWidth).padEnd(nameWidth), ...cells].join(" "))
  }
  for (const [booking, sign] of signs) lines.push(`${sign}  ${booking.name}: ${whomText(booking)}`)
  if (lines.some((line) => line.includes(MANY))) lines.push(`${MANY}  several, one after the other`)
  return lines.map((line) => `${cutText(line, width)}\n`).join("")
}

/** As fine as a week has room; then as many days as have room at the coarsest, one at least. */
function layout(width: number): { readonly days: number; readonly stepHours: number } {
  for (const stepHours of STEPS_HOURS) if (7 * (24 / stepHours + 1) <= width) return { days: 7, stepHours }
  return { days: Math.max(1, Math.floor(width / (24 / 4 + 1))), stepHours: 4 }
}

function slotMs(fromMs: number, timeZone: string, day: number, hour: number): number {
  if (hour === 24) return dayMs(fromMs, timeZone, day + 1)
  const at = localTime(timeZone, fromMs)
  return wallMsAt(timeZone, { ...at, day: at.day + day }, hour * HOUR_MS)
}

function isIn({ startAt, endAt, skipped }: BookingView["times"][number], fromMs: number, toMs: number): boolean {
  return !skipped && startAt < toMs && endAt > fromMs
}

function signOf({ maintenance }: BookingView, at: number): string {
  return maintenance ? MAINTENANCE : SIGNS[at % SIGNS.length]!
}

function range(length: number): number[] {
  return Array.from({ length }, (_, at) => at)
}
