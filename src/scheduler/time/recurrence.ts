import { closest } from "../../base/closest.ts"
import { localTime, wallMsAt } from "../../base/zone-time.ts"
import { RECURRENCES, type Recurrence } from "../../protocol/booking.ts"

const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** A time that is kept free, once or again and again, by the clock of the zone in which it was made. */
export interface Recurring {
  /** The first time. */
  readonly startMs: number
  /** What the clock was to show then, as a moment of UTC, where it jumps over that; else left out. */
  readonly askedWallMs?: number | undefined
  readonly durationMs: number
  /** The IANA name of the zone whose clock decides: 09:00 stays 09:00 when summer time begins. */
  readonly timeZone: string
  /** `null`: it comes once. */
  readonly repeats: Recurrence | null
  /** None starts then or later; `null`: it never ends. */
  readonly untilMs: number | null
}

export interface Occurrence {
  readonly startMs: number
  readonly endMs: number
}

/** @throws {SyntaxError} naming the value and what comes near it */
export function readRecurrence(text: string): Recurrence {
  const word = text.trim().toLowerCase()
  const same = RECURRENCES.find((each) => each === word || each === `${word}s`)
  if (same !== undefined) return same
  const near = closest(word, RECURRENCES)
  throw new SyntaxError(
    `"${text}" is none of ${RECURRENCES.join(", ")}${near === undefined ? "" : `: did you mean ${near}?`}`,
  )
}

/** Why a reservation cannot recur so; `null` when it can. It would overlap itself. */
export function recurrenceProblem({ durationMs, repeats }: Pick<Recurring, "durationMs" | "repeats">): string | null {
  if (repeats === null) return null
  const [mostMs, most] =
    repeats === "hourly" ? [HOUR_MS, "an hour"] : repeats === "weekly" ? [7 * DAY_MS, "a week"] : [DAY_MS, "a day"]
  return durationMs <= mostMs ? null : `what comes ${repeats} can last ${most} at most`
}

/**
 * The times that end after `fromMs`, first things first, for ever where it never ends.
 *
 * Each starts when the clock shows what it showed the first time, or was to show; where the clock jumps over that, at the jump; where it shows it twice, the
 * first time. Whole days of the duration are days of the calendar, the rest is time that passes (as RFC 5545 has it): 3 h are 3 h in
 * every night, and daily for 1 d leaves no gap. Hourly ones are an hour of time apart.
 */
export function* occurrences(recurring: Recurring, fromMs: number): Generator<Occurrence> {
  const { startMs, durationMs, repeats, untilMs } = recurring
  const isOver = (atMs: number) => untilMs !== null && atMs >= untilMs
  if (repeats === "hourly") {
    for (let n = Math.max(0, Math.floor((fromMs - startMs - durationMs) / HOUR_MS)); ; n++) {
      const atMs = startMs + n * HOUR_MS
      if (isOver(atMs)) return
      if (atMs + durationMs > fromMs) yield { startMs: atMs, endMs: atMs + durationMs }
    }
  }
  // Two days early, as days are not all of one length; whole weeks on from the first for weekly ones.
  const days = Math.max(0, Math.floor((fromMs - startMs - durationMs) / DAY_MS) - 2)
  for (
    let n = repeats === "weekly" ? days - (days % 7) : days;
    repeats !== null || n === 0;
    n += repeats === "weekly" ? 7 : 1
  ) {
    const each = onDay(recurring, n)
    if (isOver(each.startMs)) return
    if (each.endMs > fromMs && isRightDay(recurring, each.startMs)) yield each
  }
}

function onDay({ startMs, askedWallMs, durationMs, timeZone }: Recurring, days: number): Occurrence {
  const first = askedWallMs === undefined ? localTime(timeZone, startMs) : localTime("UTC", askedWallMs)
  const at = (day: number) => wallMsAt(timeZone, { ...first, day: first.day + day }, first.msOfDay)
  const thisMs = days === 0 ? startMs : at(days)
  const wholeDays = Math.floor(durationMs / DAY_MS)
  return {
    startMs: thisMs,
    endMs: wholeDays === 0 ? thisMs + durationMs : at(days + wholeDays) + (durationMs % DAY_MS),
  }
}

function isRightDay({ timeZone, repeats }: Recurring, startMs: number): boolean {
  if (repeats !== "weekdays" && repeats !== "weekends") return true
  return localTime(timeZone, startMs).weekday < 5 === (repeats === "weekdays")
}
