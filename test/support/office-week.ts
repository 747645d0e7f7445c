import type { WeeklyPresence } from "../../src/scheduler/forecast/weekly-presence.ts"

/** A week as it is learned of somebody who was there at these hours for weeks, on these days (0 is Monday). */
export function learnedWeek(
  days: readonly number[],
  fromHour: number,
  toHour: number,
  throughMs: number,
): WeeklyPresence {
  const isThere = (hour: number) => days.includes(Math.floor(hour / 24)) && hour % 24 >= fromHour && hour % 24 < toHour
  return {
    seenHours: Array(168).fill(3),
    hereHours: Array.from({ length: 168 }, (_, hour) => (isThere(hour) ? 3 : 0)),
    throughMs,
  }
}
