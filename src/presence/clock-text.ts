import { localTime, wallMsAt } from "../base/zone-time.ts"

export const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] as const

const two = (value: number): string => String(value).padStart(2, "0")

/** A time for people who read it at `nowMs`: "18:00" today, "tomorrow 04:00", "Mon 09:00" within a week, else "2026-12-01 09:00". */
export function clockText(wallMs: number, nowMs: number, timeZone: string): string {
  const then = localTime(timeZone, wallMs)
  const today = localTime(timeZone, nowMs)
  const clock = timeOfDayText(then.msOfDay)
  const dayStartMs = (day: number) => wallMsAt(timeZone, { ...today, day: today.day + day }, 0)
  if (wallMs < dayStartMs(0) || wallMs >= dayStartMs(7)) {
    return `${then.year}-${two(then.month)}-${two(then.day)} ${clock}`
  }
  if (wallMs < dayStartMs(1)) return clock
  return `${wallMs < dayStartMs(2) ? "tomorrow" : WEEKDAYS[then.weekday]} ${clock}`
}

/** "Mon 23 Nov", for the heads of what is read within a year. */
export function dayText(wallMs: number, timeZone: string): string {
  const { weekday, day, month } = localTime(timeZone, wallMs)
  return `${WEEKDAYS[weekday]} ${day} ${MONTHS[month - 1]}`
}

/** "09:05"; the end of a day is "24:00". */
export function timeOfDayText(msOfDay: number): string {
  const minutes = Math.floor(msOfDay / 60_000)
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
