/** No limit, as people write it; in any case. */
const ENDLESS = ["-1", "INFINITE", "UNLIMITED"]

const MINUTE_S = 60
const HOUR_S = 3600
const DAY_S = 86_400

/** The longest time that is read: Slurm keeps minutes in 32 bits, less two values that mean something else. */
const MAX_TIME_S = 0xffff_fffd * MINUTE_S

/**
 * Reads a time as Slurm documents it for `--time` and for limits of policy: `min`, `min:sec`, `h:min:sec`, `d-h`, `d-h:min`,
 * `d-h:min:sec`, or for no limit `-1`, `INFINITE`, `UNLIMITED`. A part may be larger than the next unit (`0:90:0`). What people type for
 * `--time` of `send` is read by `parseDuration` of base, which refuses bare numbers.
 * @returns seconds, Infinity for no limit
 * @throws {SyntaxError} naming the value
 */
export function readSlurmTimeS(text: string): number {
  if (ENDLESS.includes(text.toUpperCase())) return Number.POSITIVE_INFINITY
  const seconds = withDays(text) ?? withoutDays(text)
  if (seconds === null) {
    throw new SyntaxError(
      `"${text}" is not a time: write minutes, min:sec, h:min:sec, d-h, d-h:min or d-h:min:sec, as in 90, 1:30:00 or 2-12`,
    )
  }
  if (seconds > MAX_TIME_S) throw new SyntaxError(`"${text}" is too long: ${slurmTimeText(MAX_TIME_S)} at most`)
  return seconds
}

/**
 * Reads a time limit: whole minutes, rounded up.
 * @returns milliseconds; `null` for no limit, which 0 means, too
 * @throws {SyntaxError} naming the value
 */
export function readTimeLimitMs(text: string): number | null {
  const seconds = readSlurmTimeS(text)
  return seconds === 0 || seconds === Number.POSITIVE_INFINITY ? null : Math.ceil(seconds / MINUTE_S) * MINUTE_S * 1000
}

/** Writes whole seconds as Slurm prints them and {@link readSlurmTimeS} reads them: `01:30:00`, `2-12:00:00`, `UNLIMITED`. */
export function slurmTimeText(seconds: number): string {
  if (seconds === Number.POSITIVE_INFINITY) return "UNLIMITED"
  const two = (value: number) => String(value).padStart(2, "0")
  const days = Math.floor(seconds / DAY_S)
  const rest = seconds - days * DAY_S
  const clock = [Math.floor(rest / HOUR_S), Math.floor(rest / MINUTE_S) % 60, rest % 60].map(two).join(":")
  return days === 0 ? clock : `${days}-${clock}`
}

function withDays(text: string): number | null {
  const [, days, hours, minutes = "0", seconds = "0"] = /^(\d+)-(\d+)(?::(\d+)(?::(\d+))?)?$/.exec(text) ?? []
  if (days === undefined) return null
  return Number(days) * DAY_S + Number(hours) * HOUR_S + Number(minutes) * MINUTE_S + Number(seconds)
}

function withoutDays(text: string): number | null {
  if (!/^\d+(:\d+){0,2}$/.test(text)) return null
  const parts = text.split(":").map(Number)
  if (parts.length === 1) return parts[0]! * MINUTE_S
  return parts.reduce((sum, part) => sum * 60 + part, 0)
}
