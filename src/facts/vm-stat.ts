import type { FactSheet } from "./fact-sheet.ts"
import { fitLines, type Line, linesOf } from "./lines.ts"
import { readWhole } from "./numbers.ts"

export interface VmStat {
  readonly pageBytes: number | null
  /** By label, without quotes and without "Pages": "free", "wired down", "Anonymous pages". */
  readonly pages: ReadonlyMap<string, number>
  /** Labels of lines that may be two: what follows them always is not there, so that a figure may be of that one. Not among `pages`. */
  readonly joined: readonly string[]
  /** Why the numbers cannot be true together; `null` when nothing speaks against them. */
  readonly contradiction: string | null
}

const HEAD = /^Mach Virtual Memory Statistics: \(page size of (4096|16384) bytes\)$/
const LINE = /^"?([A-Z][A-Za-z -]+)"?: +(\d+)\.$/
const QUEUES = ["Pages active", "Pages inactive", "Pages speculative"]
const RESIDENT = [...QUEUES, "Pages free", "Pages wired down", "Pages occupied by compressor"]

/**
 * `vm_stat` (vm_stat(1)), by label: macOS 27 added lines. Each number ends in a full stop, so a cut one is none.
 *
 * What is on the three queues of pageable pages is either backed by files or anonymous, and both are counted (xnu,
 * host_statistics64): a sum that differs by more than a thousandth tells a damaged number. Where it differs less, counters were
 * read while pages moved.
 */
export function parseVmStat(text: string): VmStat {
  return statOf(linesOf(text), 1 / 1000, () => {})
}

function statOf(lines: readonly Line[], slack: number, onMisfit: (text: string) => void): VmStat {
  const fit = (text: string) => {
    const head = HEAD.exec(text)
    if (head !== null) return { label: "", text: head[1] ?? "" }
    const match = LINE.exec(text)
    return match === null ? null : { label: match[1] ?? "", text: match[2] ?? "" }
  }
  let pageBytes: number | null = null
  const pages = new Map<string, number>()
  const doubled = new Set<string>()
  for (const { value } of fitLines(lines, fit, onMisfit)) {
    const count = readWhole(value.text)
    if (value.label === "") pageBytes = Number(value.text)
    else if (count.known) {
      const before = pages.get(value.label)
      if (before !== undefined && before !== count.value) doubled.add(value.label)
      pages.set(value.label, count.value)
    }
  }
  for (const label of doubled) pages.delete(label)
  const joined = joinedIn(pages)
  for (const label of joined) pages.delete(label)
  return { pageBytes, pages, joined, contradiction: contradictionIn(pages, pageBytes, slack) }
}

/** What vm_stat(1) prints first, in this order, since long before the oldest macOS that is a host. */
const IN_ORDER = ["Pages free", "Pages active", "Pages inactive", "Pages speculative", "Pages throttled"].concat([
  "Pages wired down",
  "Pages purgeable",
])

/** Lines after which one is missing that is always there, though later ones are: a gap in the text joins the label before to a later figure. */
function joinedIn(pages: ReadonlyMap<string, number>): string[] {
  const last = IN_ORDER.findLastIndex((label) => pages.has(label))
  return IN_ORDER.slice(0, Math.max(0, last)).filter(
    (label, at) => pages.has(label) && !pages.has(IN_ORDER[at + 1] ?? ""),
  )
}

function contradictionIn(pages: ReadonlyMap<string, number>, pageBytes: number | null, slack: number): string | null {
  const sum = (labels: readonly string[]) => {
    const counts = labels.map((label) => pages.get(label))
    return counts.includes(undefined) ? null : counts.reduce<number>((before, count) => before + (count ?? 0), 0)
  }
  const queues = sum(QUEUES)
  const kinds = sum(["File-backed pages", "Anonymous pages"])
  if (queues !== null && kinds !== null && Math.abs(queues - kinds) > queues * slack) {
    return `${queues} pages are on the queues, ${kinds} backed by files or anonymous`
  }
  const resident = sum(RESIDENT)
  if (resident !== null && pageBytes !== null && !isNearMemorySize(resident * pageBytes)) {
    return `${resident} pages in all are no size of memory`
  }
  return null
}

/** Labels that are facts. A label that is not here is a new one, or a damaged one. */
const LABELS: ReadonlySet<string> = new Set([
  ...RESIDENT,
  ...["Pages throttled", "Pages purgeable", "Translation faults", "Pages copy-on-write", "Pages zero filled"],
  ...["Pages reactivated", "Pages purged", "File-backed pages", "Anonymous pages", "Pages stored in compressor"],
  ...["Decompressions", "Compressions", "Pageins", "Pageouts", "Swapins", "Swapouts"],
])

/** Sizes of memory, in GiB, as Macs and virtual machines have them. */
const SIZES_GIB = [...Array(64).keys()]
  .map((gib) => gib + 1)
  .concat([72, 80, 96, 112, 128, 160, 192, 256, 384, 512, 768])
const MORE_SIZES_GIB = [1024, 1536, 2048]

/** Between 92 and 100.5 % of a size: the kernel keeps some for itself, which is not counted. */
function isNearMemorySize(bytes: number): boolean {
  return [...SIZES_GIB, ...MORE_SIZES_GIB].some(
    (gib) => bytes <= gib * 1.005 * 1024 ** 3 && bytes >= gib * 0.92 * 1024 ** 3,
  )
}

/** What new work could have: free, speculative and purgeable pages, and half of the inactive ones. `null`: not told. */
export function availableBytes({ pages, pageBytes }: VmStat): number | null {
  const [free, speculative, purgeable, inactive] = [
    "Pages free",
    "Pages speculative",
    "Pages purgeable",
    "Pages inactive",
  ].map((label) => pages.get(label))
  if (free === undefined || speculative === undefined || purgeable === undefined || inactive === undefined) return null
  return pageBytes === null ? null : (free + speculative + purgeable + inactive / 2) * pageBytes
}

/**
 * What is in use but for caches of files, as Activity Monitor counts it. With `compressed` as "before", what was compressed
 * counts by its size before, as footprints have it; as "after", by what it takes now.
 */
export function usedBytes({ pages, pageBytes }: VmStat, compressed: "before" | "after"): number | null {
  const store = compressed === "before" ? "Pages stored in compressor" : "Pages occupied by compressor"
  const [anonymous, purgeable, wired, packed] = ["Anonymous pages", "Pages purgeable", "Pages wired down", store].map(
    (label) => pages.get(label),
  )
  if (anonymous === undefined || purgeable === undefined || wired === undefined || packed === undefined) return null
  return pageBytes === null ? null : (anonymous - purgeable + wired + packed) * pageBytes
}

export function readVmStat(sheet: FactSheet, lines: readonly Line[]): void {
  // A recording is judged without that slack: all that were looked at add up to the page.
  const stat = statOf(lines, 0, (text) => sheet.misfit(text))
  const { pageBytes, pages, joined, contradiction } = stat
  if (pageBytes === null) sheet.unknown("pageBytes", "garbage", "the first line does not say", "page size of")
  else sheet.known("pageBytes", pageBytes, "page size of")
  // The checked sums say nothing of the other counters, but who damages one line may have damaged another.
  for (const [label, count] of pages) {
    if (!LABELS.has(label)) continue
    if (contradiction === null) sheet.known("pagesOf", count, label, label)
    else sheet.unknown("pagesOf", "contradictory", contradiction, label, label)
  }
  for (const label of joined) {
    sheet.unknown("pagesOf", "garbage", "the line after it is gone: its figure may be that one's", label, label)
  }
  const sums = [
    ["memoryAvailableBytes", availableBytes(stat), "free, speculative, purgeable, inactive"],
    ["memoryUsedBytes", usedBytes(stat, "after"), "anonymous, purgeable, wired down, occupied by compressor"],
  ] as const
  for (const [name, bytes, key] of sums) {
    if (contradiction !== null) sheet.unknown(name, "contradictory", contradiction, key)
    else if (bytes === null) sheet.unknown(name, "truncated", "not all of these numbers are there", key)
    else if (bytes < 0) sheet.unknown(name, "implausible", "they come to less than nothing", key)
    else sheet.known(name, bytes, key)
  }
}
