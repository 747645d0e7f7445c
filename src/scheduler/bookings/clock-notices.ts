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
  const { timeZone, startAt, askedWallAt, repeats } = booking
  // By time that passes: only its first is at an hour of the clock.
  if (repeats === "hourly" && (askedWallAt === undefined || startAt < nowMs)) return []
  const asked = askedWallAt === undefined ? localTime(timeZone, startAt) : localTime("UTC", askedWallAt)
  const wanted = asked.msOfDay
  const told: string[] = []
  for (const time of allTimes(booking, nowMs)) {
    if (time.startAt > Math.max(nowMs, startAt) + LOOKED_MS || told.length === MOST_TOLD) break
    const at = localTime(timeZone, time.startAt)
    const where = `On ${dayText(at)} the clock in ${timeZone}`
    if (at.msOfDay !== wanted) {
      const then = repeats === "hourly" ? ", and each hour from then on" : " that day"
      told.push(`${where} jumps over ${clockText(wanted)}: it begins at ${clockText(at.msOfDay)}${then}`)
      if (repeats === "hourly") break
    } else if (isShownAgain(timeZone, time.startAt)) {
      told.push(`${where} shows ${clockText(at.msOfDay)} twice: it begins the first time`)
    } else if (isShownAgain(timeZone, time.startAt, -1)) {
      told.push(`${where} shows ${clockText(at.msOfDay)} twice: it begins the second time`)
    }
  }
  return told
}

/**
 * What the clock was to show by what was typed, as a moment of UTC, where it jumps over that; `null` for all other moments.
 * @param momentMs as it was read
 * @throws {SyntaxError} as readMomentMs()
 */
export function jumpedOver(typed: string, momentMs: number, nowMs: number, timeZone: string): number | null {
  // These mean a moment whatever the clock shows.
  if (/^\s*(?:now|uts)/i.test(typed) || /(?:Z|[+-]\d{2}:?\d{2})\s*$/i.test(typed)) return null
  const shown = (ms: number) => ms + zoneOffsetMs(timeZone, ms)
  const wanted = readMomentMs(typed, shown(nowMs), "UTC")
  return localTime("UTC", wanted).msOfDay === localTime(timeZone, momentMs).msOfDay ? null : wanted
}
