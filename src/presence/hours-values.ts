import { timeOfDayText, WEEKDAYS } from "./clock-text.ts"
import type { Hours, TimeWindow } from "./hours.ts"

const EVERY_DAY = [0, 1, 2, 3, 4, 5, 6]
const DAY_NAMES: Readonly<Record<string, readonly number[]>> = {
  weekdays: [0, 1, 2, 3, 4],
  weekends: [5, 6],
  weekend: [5, 6],
  daily: EVERY_DAY,
}
const LONG_DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
const DAY_END_MINUTE = 1440
const SHAPE = "write for instance: weekdays 18:00-09:00, weekends"

/**
 * Reads hours: parts with a comma between, each with days, times or both. `weekdays 18:00-09:00, weekends`, `mon-fri 18:00-24:00`,
 * `mon wed 20:00-06:00`, `never 12:00-13:30`. A time that ends before it begins ends on the next day. `always` is no limit.
 * @throws {SyntaxError} naming the part, and how to write it
 */
export function readHours(text: string): Hours {
  const open: TimeWindow[] = []
  const closed: TimeWindow[] = []
  const parts = partsOf(text)
  if (parts.length === 1 && parts[0] === "always") return { open, closed }
  for (const part of parts) {
    const never = /^never\b\s*/.exec(part)
    if (never === null) open.push(...readWindows(part))
    else closed.push(...readWindows(part.slice(never[0].length)))
  }
  return { open, closed }
}

/**
 * Reads the times of `never`: as {@link readHours}, the word itself left out or not. `nothing` takes all back.
 * @throws {SyntaxError}
 */
export function readNever(text: string): readonly TimeWindow[] {
  const parts = partsOf(text)
  if (parts.length === 1 && parts[0] === "nothing") return []
  return parts.flatMap((part) => readWindows(part.replace(/^never\b\s*/, "")))
}

/** As {@link readHours} reads it. */
export function hoursText({ open, closed }: Hours): string {
  const parts = [...open.map(windowText), ...closed.map((window) => `never ${windowText(window)}`)]
  return parts.length === 0 ? "always" : parts.join(", ")
}

export function neverText(windows: readonly TimeWindow[]): string {
  return windows.length === 0 ? "nothing" : windows.map(windowText).join(", ")
}

function partsOf(text: string): string[] {
  const parts = text
    .toLowerCase()
    .replace(/\s*[-–]\s*/g, "-")
    .split(/[,;\n]/)
    .map((part) => part.trim())
    .filter((part) => part !== "")
  if (parts.length === 0) throw new SyntaxError(`it is empty: ${SHAPE}, or always`)
  return parts
}

function readWindows(part: string): TimeWindow[] {
  const words = part.split(/\s+/).filter((word) => word !== "")
  const times = words.filter((word) => /\d/.test(word))
  const days = [...new Set(words.filter((word) => !/\d/.test(word)).flatMap(readDays))].sort((a, b) => a - b)
  if (words.length === 0) throw new SyntaxError(`"never" stands alone: write for instance never 12:00-13:30`)
  if (times.length === 0) return [{ days, startMinute: 0, endMinute: DAY_END_MINUTE }]
  return times.map((time) => ({ days: days.length === 0 ? EVERY_DAY : days, ...readSpan(time) }))
}

function readDays(word: string): readonly number[] {
  const named = Object.hasOwn(DAY_NAMES, word) ? DAY_NAMES[word] : undefined
  if (named !== undefined) return named
  const [first = "", last = first, ...more] = word.split("-")
  const [from, to] = [dayNumber(first), dayNumber(last)]
  if (from < 0 || to < 0 || more.length > 0) {
    throw new SyntaxError(`"${word}" is no day: mon to sun, mon-fri, weekdays, weekends or daily`)
  }
  return EVERY_DAY.slice(0, ((to - from + 7) % 7) + 1).map((day) => (from + day) % 7)
}

function dayNumber(word: string): number {
  return word.length < 3 ? -1 : LONG_DAYS.findIndex((day) => day === word || day.slice(0, 3) === word)
}

function readSpan(text: string): Pick<TimeWindow, "startMinute" | "endMinute"> {
  const [, start, end] = /^(\d{1,2}:\d{2})-(\d{1,2}:\d{2})$/.exec(text) ?? []
  if (start === undefined || end === undefined) {
    throw new SyntaxError(`"${text}" is no span of time: write it with hours and minutes, as 18:00-09:00`)
  }
  const [startMinute, endMinute] = [readMinute(start), readMinute(end)]
  if (startMinute === DAY_END_MINUTE) throw new SyntaxError(`"${text}" begins at the end of a day: write 00:00`)
  if (startMinute === endMinute) {
    throw new SyntaxError(`"${text}" could be nothing or a whole day: leave the times out for whole days`)
  }
  return { startMinute, endMinute: endMinute === 0 ? DAY_END_MINUTE : endMinute }
}

function readMinute(text: string): number {
  const [hour = 0, minute = 0] = text.split(":").map(Number)
  const minutes = hour * 60 + minute
  if (minute > 59 || minutes > DAY_END_MINUTE) throw new SyntaxError(`"${text}" is no time of day: 00:00 to 24:00`)
  return minutes
}

function windowText({ days, startMinute, endMinute }: TimeWindow): string {
  const isWholeDay = startMinute === 0 && endMinute === DAY_END_MINUTE
  const span = isWholeDay ? "" : `${timeOfDayText(startMinute * 60_000)}-${timeOfDayText(endMinute * 60_000)}`
  if (days.length === 7) return span === "" ? "daily" : span
  return [daysText(days), span].filter((word) => word !== "").join(" ")
}

function daysText(days: readonly number[]): string {
  const key = days.join()
  if (key === DAY_NAMES.weekdays!.join()) return "weekdays"
  if (key === DAY_NAMES.weekends!.join()) return "weekends"
  return days.map((day) => WEEKDAYS[day]!.toLowerCase()).join(" ")
}
