import { isShownAgain, localTime, zoneOffsetMs } from "../../base/zone-time.ts"
import { readMomentMs } from "../time/moment-text.ts"
import { clockText, dayText } from "../time/wall-text.ts"
import { allTimes, type Times } from "./booking-times.ts"

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const LOOKED_MS = 400 * DAY_MS
const MOST_TOLD = 4

/**
 * Says of the times of a booking within a year which ones begin at an hour that the clock of its zone shows twice, or not at all, and how
 * that is taken.
 */
export function clockNotices(booking: Times, nowMs: number): string[] {
  if (booking.repeats === "hourly") return []
  const { timeZone, startAt } = booking
  const wanted = localTime(timeZone, startAt).msOfDay
  const told: string[] = []
  for (const time of allTimes(booking, nowMs)) {
    if (time.startAt > Math.max(nowMs, startAt) + LOOKED_MS || told.length === MOST_TOLD) break
    const at = localTime(timeZone, time.startAt)
    const where = `On ${dayText(at)} the clock in ${timeZone}`
    if (at.msOfDay !== wanted) {
      told.push(`${where} jumps over ${clockText(wanted)}: it begins at ${clockText(at.msOfDay)} that day`)
    } else if (isShownAgain(timeZone, time.startAt)) {
      told.push(`${where} shows ${clockText(at.msOfDay)} twice: it begins the first time`)
    } else if (isShownAgain(timeZone, time.startAt, -1)) {
      told.push(`${where} shows ${clockText(at.msOfDay)} twice: it begins the second time`)
    }
  }
  return told
}

/**
 * Says that a moment, as it was typed, is at an hour that the clock jumps over, and how that is taken; `null` for all others.
 * @param momentMs as it was read
 * @throws {SyntaxError} as readMomentMs()
 */
export function jumpNotice(typed: string, momentMs: number, nowMs: number, timeZone: string): string | null {
  // These mean a moment whatever the clock shows.
  if (/^\s*(?:now|uts)/i.test(typed) || /(?:Z|[+-]\d{2}:?\d{2})\s*$/i.test(typed)) return null
  const shown = (ms: number) => ms + zoneOffsetMs(timeZone, ms)
  const wanted = localTime("UTC", readMomentMs(typed, shown(nowMs), "UTC"))
  const at = localTime(timeZone, momentMs)
  if (wanted.msOfDay === at.msOfDay) return null
  return `On ${dayText(at)} the clock in ${timeZone} jumps over ${clockText(wanted.msOfDay)}: ${clockText(at.msOfDay)} is taken, also for all times that follow`
}
