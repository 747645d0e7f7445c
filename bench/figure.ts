/** Something measured, and what is asked of it. */
export interface Figure {
  readonly what: string
  readonly unit: "ms" | "jobs/s" | "MB/s" | "MB" | "%" | "times"
  /** Every single measurement, never a mean of some. */
  readonly values: readonly number[]
  /** What must hold; none for what is measured to compare with. */
  readonly bounds?: readonly Bound[]
}

export interface Bound {
  readonly of: "median" | "p99"
  readonly most?: number
  readonly least?: number
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5)
}

/** The smallest value that at least this part of all values does not exceed. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN
}

export function isMet({ values, bounds = [] }: Figure): boolean {
  return bounds.every(({ of, most = Number.POSITIVE_INFINITY, least = Number.NEGATIVE_INFINITY }) => {
    const value = of === "median" ? median(values) : percentile(values, 0.99)
    return value <= most && value >= least
  })
}

export const TABLE_HEAD = [
  "| | median | p99 | min | max | measured | asked | |",
  "|---|---:|---:|---:|---:|---:|---|---|",
].join("\n")

/** One row of a Markdown table. */
export function renderFigure(figure: Figure): string {
  const { what, unit, values, bounds = [] } = figure
  const number = (value: number) => `${value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2)}`
  const asked = bounds.map(({ of, most, least }) => {
    const limit = most === undefined ? `at least ${least}` : `at most ${most}`
    return of === "median" ? limit : `p99 ${limit}`
  })
  const single = values.length === 1
  const cells = [
    what,
    `${number(median(values))} ${unit}`,
    ...(single
      ? ["", "", ""]
      : [percentile(values, 0.99), Math.min(...values), Math.max(...values)].map((value) => number(value))),
    single ? "once" : `${values.length} times`,
    asked.join(", "),
    bounds.length === 0 ? "" : isMet(figure) ? "yes" : "**no**",
  ]
  return `| ${cells.join(" | ")} |`
}
