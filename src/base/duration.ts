const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/**
 * Reads a duration and returns milliseconds. Accepted: one or more numbers with units (`90m`, `1h30m`, `1.5h`, `2d`), the
 * largest unit first and each once,
 * and the clock form `H:MM:SS` or `D-HH:MM:SS` that Slurm users know.
 * A bare number is refused: Slurm reads it as minutes, other tools as seconds.
 * @throws {SyntaxError} naming the value and, for a bare number, both readings
 */
export function parseDuration(text: string): number {
  const trimmed = text.trim()
  if (/^\d+(\.\d+)?$/.test(trimmed)) {
    throw new SyntaxError(
      `"${trimmed}" has no unit: write ${trimmed}m for minutes (as Slurm reads it) or ${trimmed}s for seconds`,
    )
  }
  const clock = /^(?:(\d+)-)?(\d+):(\d{2}):(\d{2})$/.exec(trimmed)
  if (clock !== null) {
    const [, days = "0", hours = "0", minutes = "0", seconds = "0"] = clock
    if (Number(minutes) > 59 || Number(seconds) > 59 || (clock[1] !== undefined && Number(hours) > 23)) {
      throw new SyntaxError(`"${trimmed}" is not a time of day count: minutes and seconds go to 59`)
    }
    return (((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000
  }
  if (/^\d+:\d{2}$/.test(trimmed)) {
    throw new SyntaxError(
      `"${trimmed}" could be hours:minutes or minutes:seconds: write for instance 1h30m, or H:MM:SS`,
    )
  }
  const part = /(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)\s*/gy
  let totalMs = 0
  let end = 0
  let smallestMs = Number.POSITIVE_INFINITY
  for (let match = part.exec(trimmed); match !== null; match = part.exec(trimmed)) {
    const unitMs = UNIT_MS[match[2] ?? ""] ?? Number.NaN
    if (unitMs >= smallestMs) {
      throw new SyntaxError(`"${text}" is not a duration: each unit stands once, the largest first, as in 1d12h30m`)
    }
    smallestMs = unitMs
    totalMs += Number(match[1]) * unitMs
    end = part.lastIndex
  }
  if (end !== trimmed.length || end === 0 || !Number.isFinite(totalMs)) {
    throw new SyntaxError(`"${text}" is not a duration: write for instance 90s, 30m, 1h30m, 2d or 1:30:00`)
  }
  return Math.round(totalMs)
}

/** Writes a duration for people: `340 ms`, `12.4 s`, `3m 20s`, `2h 05m`, `3d 4h`, `365d`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}m ${String(seconds % 60).padStart(2, "0")}s`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return `${hours}h ${String(minutes % 60).padStart(2, "0")}m`
  return hours % 24 === 0 ? `${hours / 24}d` : `${Math.floor(hours / 24)}d ${hours % 24}h`
}

/** The same where tenths of a second would be more than is known: `14 s`. */
export function formatAbout(ms: number): string {
  return ms < 59_500 ? `${Math.round(ms / 1000)} s` : formatDuration(ms)
}

/** Writes a duration exactly, and as {@link parseDuration} reads it, in one unit: `366d`, `90m`, `1500ms`, `0s`. */
export function durationText(ms: number): string {
  if (ms === 0) return "0s"
  const unit = ["d", "h", "m", "s"].find((each) => ms % UNIT_MS[each]! === 0) ?? "ms"
  return `${ms / UNIT_MS[unit]!}${unit}`
}
