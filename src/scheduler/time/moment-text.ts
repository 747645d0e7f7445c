import { parseDuration } from "../../base/duration.ts"
import { localTime, wallMsAt, zoneOffsetMs } from "../../base/zone-time.ts"
import { type Clock, type Day, readClock, readDay } from "./day-clock-text.ts"

const UNITS_MS: Readonly<Record<string, number>> = {
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
}
const MINUTE_MS = 60_000
/** The end of the year 9999, beyond which no date is written. */
const MAX_MOMENT_MS = Date.UTC(10_000, 0, 1) - 1

/**
 * Reads a moment as Slurm documents it for `--begin` and `--deadline`: a day, a time of day, or both, in either order with a blank, `T` or
 * `-` between; `now`, `now+2hours`, `now-90` (seconds); `uts` and seconds since 1970. Days: `today`, `tomorrow`, `2026-11-27`,
 * `11/27[/26]`, `11.27[.26]`, `1127[26]`. Times: `9:30[:15] [AM|PM]`, `midnight`, `elevenses`, `noon`, `fika`, `teatime`. A time alone is the
 * next such; a day without a year is in this year or, when that moment has passed, in the next; a day alone begins at 00:00.
 *
 * Beyond Slurm: `now+` takes a duration such as `1h30m`, and a full date with its time may say its offset: `2026-11-27T09:00Z`, `...+01:00`.
 * @param timeZone whose clock is meant
 * @returns milliseconds since 1970, perhaps in the past
 * @throws {SyntaxError} naming the value
 */
export function readMomentMs(text: string, nowMs: number, timeZone: string): number {
  const trimmed = text.trim()
  const momentMs =
    relativeMs(trimmed, nowMs) ??
    epochMs(trimmed) ??
    offsetMs(trimmed) ??
    localMs(trimmed, nowMs, timeZone) ??
    Number.NaN
  if (Number.isNaN(momentMs)) {
    throw new SyntaxError(
      `"${text}" is not a moment: write for instance 18:00, tomorrow 09:00, 2026-11-27T09:00, 11/27 or now+2hours`,
    )
  }
  if (momentMs < 0 || momentMs > MAX_MOMENT_MS) throw new SyntaxError(`"${text}" is not between 1970 and 9999`)
  return momentMs
}

/** The same for what must lie ahead, as a deadline. @throws {SyntaxError} naming the value */
export function readDeadlineMs(text: string, nowMs: number, timeZone: string): number {
  const momentMs = readMomentMs(text, nowMs, timeZone)
  if (momentMs > nowMs) return momentMs
  throw new SyntaxError(`"${text}" has passed: it is ${momentText(nowMs, timeZone)} in ${timeZone}`)
}

/**
 * Writes a moment, without its milliseconds, so that {@link readMomentMs} reads it as the same in that zone: `2026-11-27T09:00:00`, and with
 * its offset for the second of two equal times in the night in which the clock is put back.
 */
export function momentText(momentMs: number, timeZone: string): string {
  const wholeMs = Math.floor(momentMs / 1000) * 1000
  const shown = (ms: number) => new Date(ms).toISOString().slice(0, 19)
  const offset = zoneOffsetMs(timeZone, wholeMs)
  const text = shown(wholeMs + offset)
  const local = localTime(timeZone, wholeMs)
  if (wallMsAt(timeZone, local, local.msOfDay) === wholeMs) return text
  // Some clocks once differed from UTC by odd seconds, for which there is no offset to write.
  return offset % MINUTE_MS === 0 ? text + offsetText(offset) : `uts${wholeMs / 1000}`
}

function offsetText(offset: number): string {
  const minutes = Math.abs(offset) / MINUTE_MS
  const two = (value: number) => String(value).padStart(2, "0")
  return `${offset < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}

function relativeMs(text: string, nowMs: number): number | null {
  const [, sign, rest] = /^now(?:\s*([+-])\s*(\S.*))?$/i.exec(text) ?? []
  if (!/^now/i.test(text)) return null
  if (rest === undefined) return /^now$/i.test(text) ? nowMs : null
  const [, count, unit = "second"] = /^(\d+)\s*(second|minute|hour|day|week)?s?$/i.exec(rest) ?? []
  const isBare = count !== undefined && /^\d+\s*s$/i.test(rest)
  const distanceMs =
    count === undefined || isBare ? durationMs(rest) : Number(count) * (UNITS_MS[unit.toLowerCase()] ?? 0)
  return distanceMs === null ? null : sign === "-" ? nowMs - distanceMs : nowMs + distanceMs
}

function durationMs(text: string): number | null {
  try {
    return parseDuration(text)
  } catch {
    return null
  }
}

function epochMs(text: string): number | null {
  const [, seconds] = /^uts(\d+)$/i.exec(text) ?? []
  return seconds === undefined ? null : Number(seconds) * 1000
}

function offsetMs(text: string): number | null {
  const [, day, clock, sign, hours = "0", minutes = "0"] =
    /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)(?:Z|([+-])(\d{2}):?(\d{2}))$/i.exec(text) ?? []
  if (day === undefined || clock === undefined || Number(hours) > 14 || Number(minutes) > 59) return null
  const [date, time] = [readDay(day, null), readClock(clock)]
  if (date === null || time === null || date.year === null) return null
  const offset = (Number(hours) * 60 + Number(minutes)) * MINUTE_MS
  return Date.UTC(date.year, date.month - 1, date.day) + time.msOfDay - (sign === "-" ? -offset : offset)
}

function localMs(text: string, nowMs: number, timeZone: string): number | null {
  const today = localTime(timeZone, nowMs)
  const parts = splitDayAndClock(text, today)
  if (parts === null) return null
  const { day, clock } = parts
  const at = (year: number, month: number, ofMonth: number) =>
    wallMsAt(timeZone, { year, month, day: ofMonth }, clock?.msOfDay ?? 0)
  if (day === null) {
    const todayMs = at(today.year, today.month, today.day)
    return todayMs > nowMs ? todayMs : at(today.year, today.month, today.day + 1)
  }
  if (day.year !== null) return at(day.year, day.month, day.day)
  const thisYearMs = at(today.year, day.month, day.day)
  return thisYearMs > nowMs ? thisYearMs : at(today.year + 1, day.month, day.day)
}

/** A day, a time of day, or both in either order. `null` when it is none of these. */
function splitDayAndClock(text: string, today: Day): { readonly day: Day | null; readonly clock: Clock | null } | null {
  const whole = { day: readDay(text, today), clock: readClock(text) }
  if (whole.day !== null || whole.clock !== null) return whole
  for (const { index, 0: between } of text.matchAll(/\s+|T|-/gi)) {
    const [before, after] = [text.slice(0, index), text.slice(index + between.length)]
    for (const [first, second] of [
      [before, after],
      [after, before],
    ] as const) {
      const [day, clock] = [readDay(first, today), readClock(second)]
      if (day !== null && clock !== null) return { day, clock }
    }
  }
  return null
}
