/** Bytes of a file, from `start` on up to `end`, of which the first `bytes` have come. */
export interface HeldRange {
  readonly start: number
  readonly end: number
  readonly bytes: number
}

export interface RangePlan {
  /** In order, without gaps, up to the end of the file. The first may begin before what is to be fetched. */
  readonly ranges: readonly HeldRange[]
  /** Of those that were found: what is not used. */
  readonly useless: readonly HeldRange[]
}

/**
 * In which ranges a file is fetched from `from` on up to `end`: those that a former run has begun, as they are, and between them new
 * ones of at most `mostBytes`.
 */
export function planRanges(from: number, end: number, mostBytes: number, found: readonly HeldRange[]): RangePlan {
  const ranges: HeldRange[] = []
  const useless: HeldRange[] = []
  let at = from
  const fill = (to: number) => {
    for (; at < to; at = Math.min(to, at + mostBytes))
      ranges.push({ start: at, end: Math.min(to, at + mostBytes), bytes: 0 })
  }
  for (const range of found.toSorted((a, b) => a.start - b.start || b.bytes - a.bytes)) {
    const isSound = range.start < range.end && range.end <= end && range.bytes <= range.end - range.start
    // One that the file has grown into goes on only where it has come that far itself.
    const fits = range.start >= at || (ranges.length === 0 && range.end > at && range.start + range.bytes >= at)
    if (!isSound || !fits) {
      useless.push(range)
      continue
    }
    fill(range.start)
    ranges.push(range)
    at = range.end
  }
  fill(end)
  return { ranges, useless }
}
