import { parseDuration } from "../../base/duration.ts"
import { type Codec, shown } from "../described/codec.ts"

const NUMBER = /^[+-]?\d+(\.\d+)?$/

/** A moment in milliseconds since 1970: seconds since then, or a date with time and zone as ISO 8601 has it. */
export const momentMs: Codec<number> = {
  read(value, path, report) {
    if (typeof value === "number" && Number.isFinite(value)) return value * 1000
    if (typeof value === "string") {
      const text = value.trim()
      if (NUMBER.test(text)) return Number(text) * 1000
      const ms = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}.*(Z|[+-]\d{2}:?\d{2})$/.test(text) ? Date.parse(text) : Number.NaN
      if (Number.isFinite(ms)) return ms
    }
    report(path, `takes seconds since 1970, or a time like 2026-03-01T09:00:00Z with its zone, not ${shown(value)}`)
    return undefined
  },
  write: (value) => value / 1000,
}

/** A length of time in milliseconds: seconds, or `7d`, `1h30m`, `1:30:00`. */
export const lengthMs: Codec<number> = {
  read(value, path, report) {
    const text = String(value).trim()
    const seconds = NUMBER.test(text) ? Number(text) : Number.NaN
    if (seconds >= 0) return seconds * 1000
    try {
      if (typeof value === "string" && Number.isNaN(seconds)) return parseDuration(value)
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
    }
    report(
      path,
      `takes a number of seconds that is not negative, or a duration like 7d, 90m or 1:30:00, not ${shown(value)}`,
    )
    return undefined
  },
  write: (value) => value / 1000,
}
