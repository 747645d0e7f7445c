/**
 * The candidate that is typed most alike, or `undefined` when none is near: at most one slip in three letters.
 * A slip is a letter missing, added, changed, or two letters swapped.
 */
export function closest(typed: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined
  let fewest = Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    const letters = Math.max(typed.replaceAll("-", "").length, candidate.replaceAll("-", "").length)
    const allowed = Math.max(1, Math.floor(letters / 3))
    // Every letter that one is longer is a slip: most candidates need no closer look.
    if (Math.abs(typed.length - candidate.length) > allowed) continue
    const slips = distance(typed.toLowerCase(), candidate.toLowerCase())
    // What has no letter in common with it was not meant.
    if (slips < fewest && slips <= allowed && slips < Math.max(typed.length, candidate.length)) {
      best = candidate
      fewest = slips
    }
  }
  return best
}

/** Optimal string alignment distance, row by row. */
function distance(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let slips = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        slips = Math.min(slips, (before[j - 2] ?? 0) + 1)
      row.push(slips)
    }
    before = last
    last = row
  }
  return last[b.length] ?? 0
}
