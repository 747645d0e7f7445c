/** Wall-clock time in an IANA time zone, by the tables of `Intl`: the owner's hours mean the clock on the owner's wall. */

export interface LocalTime {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  readonly day: number
  /** 0 is Monday. */
  readonly weekday: number
  /** Milliseconds since the clock showed 00:00, as it shows: a jump of the clock is not in it. */
  readonly msOfDay: number
}

const DAY_MS = 86_400_000
const formats = new Map<string, Intl.DateTimeFormat>()
const MOST_FORMATS = 1_000

/** Whether it is the name of a time zone: "Europe/Berlin", "UTC". */
export function isTimeZone(name: string): boolean {
  try {
    // An offset such as +02:00 would be taken, too, and knows no daylight saving.
    return /^[A-Za-z]/.test(name) && makeFormat(name) !== undefined
  } catch {
    return false
  }
}

/** What the clock shows more than UTC. A zone that this Node does not know, as a newer system may name one, is taken for UTC. */
export function zoneOffsetMs(timeZone: string, wallMs: number): number {
  const wholeMs = Math.floor(wallMs / 1000) * 1000
  const part: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {}
  for (const { type, value } of formatOf(timeZone).formatToParts(wholeMs)) part[type] = Number(value)
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part
  return Date.UTC(year, month - 1, day, hour, minute, second) - wholeMs
}

export function localTime(timeZone: string, wallMs: number): LocalTime {
  const shownMs = wallMs + zoneOffsetMs(timeZone, wallMs)
  const shown = new Date(shownMs)
  return {
    year: shown.getUTCFullYear(),
    month: shown.getUTCMonth() + 1,
    day: shown.getUTCDate(),
    weekday: (shown.getUTCDay() + 6) % 7,
    msOfDay: shownMs - Math.floor(shownMs / DAY_MS) * DAY_MS,
  }
}

/**
 * The first moment at which the clock shows that time of that day, or has jumped over it: 02:30 on the day on which 02:00 becomes
 * 03:00 is the moment of the jump. `day` may be beyond the month's end, as in `Date.UTC`.
 */
export function wallMsAt(
  timeZone: string,
  { year, month, day }: Pick<LocalTime, "year" | "month" | "day">,
  msOfDay: number,
): number {
  const shownMs = Date.UTC(year, month - 1, day) + msOfDay
  const before = zoneOffsetMs(timeZone, shownMs - DAY_MS)
  const after = zoneOffsetMs(timeZone, shownMs + DAY_MS)
  // Of a time that the clock shows twice the first: with the offset from before the change.
  if (zoneOffsetMs(timeZone, shownMs - before) === before) return shownMs - before
  if (zoneOffsetMs(timeZone, shownMs - after) === after) return shownMs - after
  return offsetChange(timeZone, shownMs - DAY_MS, shownMs + DAY_MS)
}

/** The first millisecond after `fromMs`, up to `toMs`, with another offset than `fromMs` has. They must differ. */
export function offsetChange(timeZone: string, fromMs: number, toMs: number): number {
  const offsetMs = zoneOffsetMs(timeZone, fromMs)
  let [same, other] = [fromMs, toMs]
  while (other - same > 1) {
    const middle = Math.floor((same + other) / 2)
    if (zoneOffsetMs(timeZone, middle) === offsetMs) same = middle
    else other = middle
  }
  return other
}

/** Whether the clock, put back within the day that follows (or was before), shows the same once more. */
export function isShownAgain(timeZone: string, atMs: number, way: 1 | -1 = 1): boolean {
  const offsetMs = zoneOffsetMs(timeZone, atMs)
  const otherMs = zoneOffsetMs(timeZone, atMs + way * DAY_MS)
  // Put back by so much: what was shown comes again so much later.
  const backMs = way === 1 ? offsetMs - otherMs : otherMs - offsetMs
  return backMs > 0 && zoneOffsetMs(timeZone, atMs + way * backMs) === otherMs
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone)
  if (format === undefined) {
    format = isTimeZone(timeZone) ? makeFormat(timeZone) : makeFormat("UTC")
    // Names come from hosts, too.
    if (formats.size < MOST_FORMATS) formats.set(timeZone, format)
  }
  return format
}

/** @throws {RangeError} for what is no time zone */
function makeFormat(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  })
}
