import { parseDuration } from "../../base/duration.ts"
import { type Codec, shown } from "../described/codec.ts"
import { readTimeLimitMs } from "../time/limit-text.ts"

/** From here on a bare number is taken for milliseconds: as seconds it would be the year 5138. */
const LEAST_MS = 1e11

/**
 * A moment: seconds (or milliseconds) since 1970, a date with time and zone as ISO 8601 has it, `now`, or so much before or after that:
 * `+1h30m`, `-90` for seconds.
 */
export function moment(nowMs: number): Codec<number> {
  return {
    read(value, path, report) {
      const text = String(value).trim()
      const ms = momentMs(text, nowMs)
      if (ms !== null && Number.isFinite(ms)) return ms
      report(
        path,
        `takes a time like 2026-03-01T09:00:00Z with its zone, seconds since 1970, or +1h and -30m from now, not ${shown(value)}`,
      )
      return undefined
    },
    write: (value) => new Date(value).toISOString(),
  }
}

function momentMs(text: string, nowMs: number): number | null {
  if (text === "now") return nowMs
  const [, sign, length] = /^([+-])\s*(\S.*)$/.exec(text) ?? []
  if (length !== undefined) {
    const ms = lengthMs(length)
    return ms === null ? null : nowMs + (sign === "-" ? -ms : ms)
  }
  if (/^\d+(\.\d+)?$/.test(text)) {
    const number = Number(text)
    return number >= LEAST_MS ? number : number * 1000
  }
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}.*(Z|[+-]\d{2}:?\d{2})$/.test(text) ? Date.parse(text) : null
}

function lengthMs(text: string): number | null {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000
  try {
    return parseDuration(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return null
  }
}

/** A length of time: a bare number of seconds, or `90m`, `1h30m`. */
export const length: Codec<number> = {
  read(value, path, report) {
    const ms = lengthMs(String(value).trim())
    if (ms !== null) return ms
    report(path, `takes a length of time like 90m or 3h, or seconds, not ${shown(value)}`)
    return undefined
  },
  write: (value) => value / 1000,
}

/**
 * A time limit as Slurm writes it (a bare number is minutes; `1:30:00`, `2-12`), in whole minutes, rounded up, and as strictly: no blanks around it.
 * Or `90m`, `1h30m`, as exact as they are; `null`, 0 and `unlimited` for none.
 */
export const timeLimit: Codec<number | null> = {
  read(value, path, report) {
    if (value === null) return null
    const text = String(value)
    try {
      if (/^\d+\.\d+$/.test(text)) return readTimeLimitMs(`${Math.ceil(Number(text))}`)
      if (!/[smhdw]/i.test(text) || /^(infinite|unlimited)$/i.test(text)) return readTimeLimitMs(text)
      return parseDuration(text)
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
      report(path, error.message)
      return undefined
    }
  },
  // Whole minutes as people write them; else to the millisecond.
  write: (value) => (value === null ? "unlimited" : value % 60_000 === 0 ? value / 60_000 : `${value}ms`),
}
