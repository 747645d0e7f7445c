import { known, type Reading, type UnknownReason, unknown } from "./fact.ts"
import type { FactSheet } from "./fact-sheet.ts"
import { fitLines, type Line, linesOf } from "./lines.ts"
import { readWhole } from "./numbers.ts"
import { contradictionIn, mostBytes, type PageCounts, RESIDENT } from "./page-checks.ts"

export interface VmStat {
  readonly pageBytes: number | null
  /** By label, without quotes: "Pages free", "Pages wired down", "Anonymous pages". */
  readonly pages: PageCounts
  /** Labels whose figure is not believed, and why. Not among `pages`. */
  readonly problems: ReadonlyMap<string, Problem>
  /** Why the numbers cannot be true together; `null` when nothing speaks against them. */
  readonly contradiction: string | null
  /** All memory of the Mac; `null` when it is not known. */
  readonly memoryBytes: number | null
}

interface Problem {
  readonly reason: UnknownReason
  readonly detail: string
}

const HEAD = /^Mach Virtual Memory Statistics: \(page size of (4096|16384) bytes\)$/
const LINE = /^"?([A-Z][A-Za-z -]+)"?: +(\d+)\.$/
const PAGE_SIZE = "page size of"

/**
 * `vm_stat` (vm_stat(1)), by label: macOS 27 added lines. Each number ends in a full stop, so a cut one is none. Sums that differ
 * by more than a thousandth tell a damaged number; where they differ less, counters were read while pages moved.
 *
 * @param memoryBytes all memory of the Mac that printed it; `null` when that is not known
 */
export function parseVmStat(text: string, memoryBytes: number | null): VmStat {
  return statOf(linesOf(text), 1 / 1000, memoryBytes, () => {})
}

function statOf(
  lines: readonly Line[],
  slack: number,
  memoryBytes: number | null,
  onMisfit: (text: string) => void,
): VmStat {
  const fit = (text: string) => {
    const head = HEAD.exec(text)
    if (head !== null) return { label: PAGE_SIZE, text: head[1] ?? "" }
    const match = LINE.exec(text)
    return match === null ? null : { label: match[1] ?? "", text: match[2] ?? "" }
  }
  const texts = new Map<string, string>()
  const pages = new Map<string, number>()
  const problems = new Map<string, Problem>()
  const fitted = fitLines(lines, fit, onMisfit)
  const width = columnOf(fitted.filter(({ value }) => value.label !== PAGE_SIZE).map(({ line }) => line.text))
  for (const { value, line } of fitted) {
    const isOffColumn = width !== null && line.text.length !== width && /: {2}/.test(line.text)
    if (isOffColumn && UNCHECKED.has(value.label))
      problems.set(value.label, { reason: "garbage", detail: "its figure is not in the column of the others" })
    const before = texts.get(value.label)
    if (before !== undefined && before !== value.text)
      problems.set(value.label, { reason: "contradictory", detail: `it says ${before}, and ${value.text}` })
    texts.set(value.label, value.text)
  }
  for (const [label, text] of texts) {
    const count = readWhole(text)
    if (!count.known && !problems.has(label)) problems.set(label, count)
    if (count.known && !problems.has(label)) pages.set(label, count.value)
  }
  for (const label of joinedIn(texts)) {
    if (!problems.has(label)) problems.set(label, JOINED)
    pages.delete(label)
  }
  const pageBytes = pages.get(PAGE_SIZE) ?? null
  pages.delete(PAGE_SIZE)
  return {
    pageBytes,
    pages,
    problems,
    memoryBytes,
    contradiction: contradictionIn(pages, pageBytes, slack, memoryBytes),
  }
}

/** Where the lines end, which is the same for nearly all of them; `null` where it is not, as figures stand in no column. */
function columnOf(texts: readonly string[]): number | null {
  const counts = new Map<number, number>()
  for (const { length } of texts) counts.set(length, (counts.get(length) ?? 0) + 1)
  const [length, count] = [...counts].reduce((most, one) => (one[1] > most[1] ? one : most), [0, 0])
  return texts.length >= 5 && count >= 0.75 * texts.length ? length : null
}

const JOINED: Problem = { reason: "garbage", detail: "the line after it is gone: its figure may be that one's" }

/** What vm_stat(1) prints, in this order, since long before the oldest macOS that is a host. Newer ones have more between. */
const IN_ORDER = [
  ...["Pages free", "Pages active", "Pages inactive", "Pages speculative", "Pages throttled", "Pages wired down"],
  ...["Pages purgeable", "Translation faults", "Pages copy-on-write", "Pages zero filled", "Pages reactivated"],
  ...["Pages purged", "File-backed pages", "Anonymous pages", "Pages stored in compressor"],
  ...["Pages occupied by compressor", "Decompressions", "Compressions", "Pageins", "Pageouts", "Swapins", "Swapouts"],
]

/** What nothing else tells to be damaged: these are in no sum. */
const UNCHECKED: ReadonlySet<string> = new Set(
  IN_ORDER.filter((label) => ![...RESIDENT, "Pages purgeable", "File-backed pages", "Anonymous pages"].includes(label)),
)

/** Lines after which one is missing that is always there, though later ones are: a gap joins the label before to a later figure. */
function joinedIn(there: ReadonlyMap<string, unknown>): string[] {
  const last = IN_ORDER.findLastIndex((label) => there.has(label))
  return IN_ORDER.slice(0, Math.max(0, last)).filter((label) => there.has(label) && !there.has(nextTo(label) ?? ""))
}

function nextTo(label: string): string | undefined {
  return IN_ORDER[IN_ORDER.indexOf(label) + 1]
}

/** Labels that are facts. A label that is not here is a new one, or a damaged one. */
const LABELS: ReadonlySet<string> = new Set([...RESIDENT, ...IN_ORDER])

/**
 * What new work could have: free, speculative and purgeable pages, and half of the inactive ones; unknown where numbers it is made
 * of are missing or cannot be believed. This is the one answer: nothing else may add these pages up.
 */
export function availableIn(stat: VmStat): Reading<number> {
  const labels = ["Pages free", "Pages speculative", "Pages purgeable", "Pages inactive"]
  return bytesOf(
    stat,
    labels,
    ([free = 0, speculative = 0, purgeable = 0, inactive = 0]) => free + speculative + purgeable + inactive / 2,
  )
}

/**
 * What is in use but for caches of files, as Activity Monitor counts it. With `compressed` as "before", what was compressed
 * counts by its size before, as footprints have it; as "after", by what it takes now.
 */
export function usedIn(stat: VmStat, compressed: "before" | "after"): Reading<number> {
  const store = compressed === "before" ? "Pages stored in compressor" : "Pages occupied by compressor"
  const labels = ["Anonymous pages", "Pages purgeable", "Pages wired down", store]
  // Footprints may come to more than there is: what was compressed had its size before.
  return bytesOf(
    compressed === "before" ? { ...stat, memoryBytes: null } : stat,
    labels,
    ([anonymous = 0, purgeable = 0, wired = 0, packed = 0]) => anonymous - purgeable + wired + packed,
  )
}

function bytesOf(
  { pages, pageBytes, problems, contradiction, memoryBytes }: VmStat,
  labels: readonly string[],
  countOf: (counts: readonly number[]) => number,
): Reading<number> {
  for (const label of [PAGE_SIZE, ...labels]) {
    const problem = problems.get(label)
    if (problem !== undefined) return unknown(problem.reason, `${label}: ${problem.detail}`)
  }
  if (contradiction !== null) return unknown("contradictory", contradiction)
  const counts = labels.flatMap((label) => pages.get(label) ?? [])
  // A label at the very end may have the figure of the last line that there was.
  const isFollowed = labels.every((label) => pages.has(nextTo(label) ?? "") || problems.has(nextTo(label) ?? ""))
  if (counts.length < labels.length || !isFollowed || pageBytes === null) {
    return unknown("truncated", "not all of these numbers are there")
  }
  const bytes = countOf(counts) * pageBytes
  if (bytes < 0) return unknown("implausible", "they come to less than nothing")
  if (bytes > (memoryBytes ?? mostBytes(null)))
    return unknown(
      "implausible",
      `they come to ${bytes} bytes, more than ${memoryBytes === null ? "any" : "this"} Mac has`,
    )
  return known(bytes)
}

export function readVmStat(sheet: FactSheet, lines: readonly Line[]): void {
  // A recording is judged without that slack: all that were looked at add up to the page.
  const stat = statOf(lines, 0, null, (text) => sheet.misfit(text))
  const { pageBytes, pages, problems, contradiction } = stat
  const size = problems.get(PAGE_SIZE)
  if (pageBytes !== null) sheet.known("pageBytes", pageBytes, PAGE_SIZE)
  else sheet.unknown("pageBytes", size?.reason ?? "garbage", size?.detail ?? "the first line does not say", PAGE_SIZE)
  // The checked sums say nothing of the other counters, but who damages one line may have damaged another.
  for (const [label, count] of pages) {
    if (!LABELS.has(label)) continue
    if (contradiction === null) sheet.known("pagesOf", count, label, label)
    else sheet.unknown("pagesOf", "contradictory", contradiction, label, label)
  }
  for (const [label, { reason, detail }] of problems) {
    if (LABELS.has(label)) sheet.unknown("pagesOf", reason, detail, label, label)
  }
  sheet.take("memoryAvailableBytes", availableIn(stat), "free, speculative, purgeable, inactive")
  const used = "anonymous, purgeable, wired down, occupied by compressor"
  sheet.take("memoryUsedBytes", usedIn(stat, "after"), used)
}
