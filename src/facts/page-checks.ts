/** Counts of pages by label, as `vm_stat` prints them: "Pages free", "Anonymous pages". */
export type PageCounts = ReadonlyMap<string, number>

export const QUEUES = ["Pages active", "Pages inactive", "Pages speculative"]
/** Every page that there is counts as one of these. */
export const RESIDENT = [...QUEUES, "Pages free", "Pages wired down", "Pages occupied by compressor"]

const GIB = 1024 ** 3
/** Sizes of memory, in GiB, as Macs and virtual machines have them. */
const SIZES_GIB = [...Array(64).keys()]
  .map((gib) => gib + 1)
  .concat([72, 80, 96, 112, 128, 160, 192, 256, 384, 512, 768])
  .concat([1024, 1536, 2048])
/** The kernel keeps some for itself, which is not counted; and pages move while they are counted. */
const LEAST_SHARE = 0.92
const MOST_SHARE = 1.005
/** Of a memory whose size is known: a Mac with little keeps a larger share of it. */
const LEAST_SHARE_OF_KNOWN = 0.8

/** Most that pages can come to: of this Mac where its memory is known, else of any. */
export function mostBytes(memoryBytes: number | null): number {
  return (memoryBytes ?? Math.max(...SIZES_GIB) * GIB) * MOST_SHARE
}

/**
 * Why counts of pages cannot be true together, in words; `null` when nothing speaks against them. Counts that are missing are not
 * missed: what there is must fit all the same.
 *
 * What is on the three queues of pageable pages is either backed by files or anonymous, and both are counted; purgeable pages that
 * are not wired lie on these queues (xnu, host_statistics64).
 *
 * @param slack by what share the kinds may differ from the queues: counters are read while pages move
 * @param memoryBytes all memory of this Mac; `null` when it is not known
 */
export function contradictionIn(
  pages: PageCounts,
  pageBytes: number | null,
  slack: number,
  memoryBytes: number | null,
): string | null {
  const queues = sumOf(pages, QUEUES)
  const kinds = sumOf(pages, ["File-backed pages", "Anonymous pages"])
  if (queues !== null && kinds !== null && Math.abs(queues - kinds) > queues * slack) {
    return `${queues} pages are on the queues, ${kinds} backed by files or anonymous`
  }
  const purgeable = pages.get("Pages purgeable") ?? 0
  if (queues !== null && purgeable > queues) return `${purgeable} pages are purgeable, and ${queues} on the queues`
  const there = RESIDENT.reduce((sum, label) => sum + (pages.get(label) ?? 0), 0)
  // Where the size of a page is not told, it is the smallest at least.
  if (Math.max(there, purgeable) * (pageBytes ?? 4096) > mostBytes(memoryBytes)) {
    return `${Math.max(there, purgeable)} pages are more than ${memoryBytes === null ? "any" : "this"} Mac has`
  }
  const all = sumOf(pages, RESIDENT)
  if (all === null || pageBytes === null || isMemory(all * pageBytes, memoryBytes)) return null
  return memoryBytes === null
    ? `${all} pages in all are no size of memory`
    : `${all} pages in all are not the ${memoryBytes} bytes that this Mac has`
}

function isMemory(bytes: number, memoryBytes: number | null): boolean {
  if (memoryBytes !== null) return bytes >= memoryBytes * LEAST_SHARE_OF_KNOWN && bytes <= memoryBytes * MOST_SHARE
  return SIZES_GIB.some((gib) => bytes <= gib * MOST_SHARE * GIB && bytes >= gib * LEAST_SHARE * GIB)
}

/** `null` when one of them is not there. */
function sumOf(pages: PageCounts, labels: readonly string[]): number | null {
  const counts = labels.map((label) => pages.get(label))
  return counts.includes(undefined) ? null : counts.reduce<number>((before, count) => before + (count ?? 0), 0)
}
