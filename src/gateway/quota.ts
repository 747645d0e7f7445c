/** How many tokens a key may use in each period of calendar time, in UTC. */
export interface TokenLimit {
  readonly tokens: number
  readonly per: LimitPeriod
}

export const LIMIT_PERIODS = ["hour", "day", "week", "month"] as const
export type LimitPeriod = (typeof LIMIT_PERIODS)[number]

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** 1970 began on a Thursday; weeks begin on Mondays. */
const FIRST_MONDAY_MS = 4 * DAY_MS

/** The period that this moment is in: from its first millisecond to that of the next one, milliseconds since 1970. */
export function periodAt(per: LimitPeriod, now: number): { readonly fromMs: number; readonly toMs: number } {
  if (per === "month") {
    const date = new Date(now)
    const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
    return { fromMs: Date.UTC(year, month), toMs: Date.UTC(year, month + 1) }
  }
  const length = per === "hour" ? HOUR_MS : per === "day" ? DAY_MS : 7 * DAY_MS
  const offset = per === "week" ? FIRST_MONDAY_MS : 0
  const fromMs = Math.floor((now - offset) / length) * length + offset
  return { fromMs, toMs: fromMs + length }
}
