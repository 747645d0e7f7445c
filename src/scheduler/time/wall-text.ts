import { isShownAgain, localTime, zoneOffsetMs } from "../../base/zone-time.ts"

const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] as const
const WEEK_MS = 6 * 86_400_000

/**
 * A moment by the clock of a zone, as short as it is clear: `09:00` on the same day, `Sat 09:00` within the week, else `2026-12-24 09:00`; of an
 * hour that the clock shows twice with its offset, `02:30+01:00`.
 */
export function wallText(momentMs: number, timeZone: string, nowMs: number): string {
  const at = localTime(timeZone, momentMs)
  const now = localTime(timeZone, nowMs)
  const clock = `${clockText(at.msOfDay)}${isShownTwice(timeZone, momentMs) ? offsetText(timeZone, momentMs) : ""}`
  if (at.year === now.year && at.month === now.month && at.day === now.day) return clock
  if (momentMs > nowMs && momentMs - nowMs < WEEK_MS) return `${DAYS[at.weekday]} ${clock}`
  return `${dayText(at)} ${clock}`
}

function isShownTwice(timeZone: string, momentMs: number): boolean {
  return isShownAgain(timeZone, momentMs) || isShownAgain(timeZone, momentMs, -1)
}

/** `+01:00` */
function offsetText(timeZone: string, momentMs: number): string {
  const minutes = Math.round(zoneOffsetMs(timeZone, momentMs) / 60_000)
  const size = Math.abs(minutes)
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`
}

/** `2026-12-24` */
export function dayText({ year, month, day }: { year: number; month: number; day: number }): string {
  return `${year}-${two(month)}-${two(day)}`
}

/** `09:00`, with its seconds where there are any. */
export function clockText(msOfDay: number): string {
  const seconds = Math.floor(msOfDay / 1000)
  const rest = seconds % 60
  const text = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}`
  return rest === 0 ? text : `${text}:${two(rest)}`
}

function two(value: number): string {
  return String(value).padStart(2, "0")
}
