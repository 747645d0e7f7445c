export const LIMIT_PERIODS = ["hour", "day", "week", "month"] as const
export type LimitPeriod = (typeof LIMIT_PERIODS)[number]

/** How many tokens of models a key may use in each period of calendar time, in UTC. */
export interface TokenLimit {
  readonly tokens: number
  readonly per: LimitPeriod
}

/** The largest limit there may be. */
export const MOST_TOKENS = 1_000_000_000_000

const FACTOR: Readonly<Record<string, number>> = { "": 1, k: 1e3, m: 1e6, g: 1e9, b: 1e9 }

/**
 * Reads `1M/day`, `200k/hour`, `1500000/week`, `2.5M/month`. Factors are decimal.
 * @throws {SyntaxError} naming the value
 */
export function parseTokenLimit(text: string): TokenLimit {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([kmgb]?)\s*\/\s*(hour|day|week|month|h|d|w)\s*$/i.exec(text)
  const tokens = Math.round(Number(match?.[1]) * (FACTOR[match?.[2]?.toLowerCase() ?? ""] ?? Number.NaN))
  if (match === null || !Number.isSafeInteger(tokens) || tokens < 1 || tokens > MOST_TOKENS)
    throw new SyntaxError(
      `"${text}" is not a limit: write tokens and a period, for instance 1M/day, 200k/hour or 20M/month`,
    )
  const period = match[3]!.toLowerCase()
  return { tokens, per: LIMIT_PERIODS.find((each) => each.startsWith(period))! }
}

/** A limit as it is written: `1M/day`. */
export function tokenLimitText({ tokens, per }: TokenLimit): string {
  return `${tokensText(tokens)}/${per}`
}

/** A limit as it is said: `1M tokens a day`, `100 tokens an hour`. */
export function tokenLimitWords({ tokens, per }: TokenLimit): string {
  return `${tokensText(tokens)} ${tokens === 1 ? "token" : "tokens"} ${per === "hour" ? "an" : "a"} ${per}`
}

/** A count of tokens, exact: `1M`, `1500k`, `1234`. */
export function tokensText(tokens: number): string {
  if (tokens > 0 && tokens % 1e6 === 0) return `${tokens / 1e6}M`
  return tokens > 0 && tokens % 1e3 === 0 ? `${tokens / 1e3}k` : String(tokens)
}

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
