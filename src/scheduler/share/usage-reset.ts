import { localTime, wallMsAt } from "../../base/zone-time.ts"

/** When all usage is forgotten; Slurm's PriorityUsageResetPeriod. `now` happens once, when it is set, and is no period. */
export const RESET_PERIODS = ["none", "daily", "weekly", "monthly", "quarterly", "yearly"] as const

export type ResetPeriod = (typeof RESET_PERIODS)[number]

/** The first reset after `afterMs`: a midnight on the clock of the zone, weekly that before Sunday; `null`: never. */
export function nextUsageReset(period: ResetPeriod, afterMs: number, timeZone: string): number | null {
  const { year, month, day, weekday } = localTime(timeZone, afterMs)
  switch (period) {
    case "none":
      return null
    case "daily":
      return wallMsAt(timeZone, { year, month, day: day + 1 }, 0)
    case "weekly":
      return wallMsAt(timeZone, { year, month, day: day + (weekday === 6 ? 7 : 6 - weekday) }, 0)
    case "monthly":
      return wallMsAt(timeZone, { year, month: month + 1, day: 1 }, 0)
    case "quarterly":
      return wallMsAt(timeZone, { year, month: month + 3 - ((month - 1) % 3), day: 1 }, 0)
    case "yearly":
      return wallMsAt(timeZone, { year: year + 1, month: 1, day: 1 }, 0)
  }
}
