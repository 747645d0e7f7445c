const EXPONENT: Readonly<Record<string, number>> = { "": 0, K: 1, M: 2, G: 3, T: 4 }

/**
 * Reads an amount of memory or disk and returns bytes: `48G`, `48GB`, `48GiB`, `1.5T`, `512M`.
 * Units are powers of 1024, as macOS counts memory and Slurm counts `--mem`. A bare number is refused, as its unit is a guess.
 * @throws {SyntaxError} naming the value
 */
export function parseBytes(text: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(i?B)?\s*$/i.exec(text)
  const unit = match?.[2]?.toUpperCase() ?? ""
  if (match === null || (unit === "" && match[3] === undefined)) {
    const bare = /^\s*\d+(\.\d+)?\s*$/.test(text)
    throw new SyntaxError(
      bare
        ? `"${text.trim()}" has no unit: write ${text.trim()}G for gigabytes or ${text.trim()}M for megabytes`
        : `"${text}" is not an amount of memory: write for instance 48G, 512M or 1.5T`,
    )
  }
  const bytes = Math.round(Number(match[1]) * 1024 ** (EXPONENT[unit] ?? 0))
  if (!Number.isSafeInteger(bytes)) throw new SyntaxError(`"${text}" is more than any computer has`)
  return bytes
}

/** Writes bytes for people, in powers of 1024: `712 B`, `4.2 KB`, `38 MB`, `1.5 GB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${Math.round(bytes)} B`
  let value = bytes
  let unit = ""
  for (const next of ["KB", "MB", "GB", "TB", "PB"]) {
    value /= 1024
    unit = next
    if (value < 1023.5) break
  }
  return `${value < 9.95 ? value.toFixed(1).replace(/\.0$/, "") : Math.round(value)} ${unit}`
}

/** The same of an amount that is less than another, in words that say so: `7.9 GB` beside 8 GB, and `8150 MB` where both were 8 GB. */
export function formatLessBytes(bytes: number, than: number): string {
  const text = formatBytes(bytes)
  if (bytes >= than || text !== formatBytes(than)) return text
  const exact = `${Math.floor(bytes / 1024 ** 2)} MB`
  return exact === text ? `${bytes} B` : exact
}
