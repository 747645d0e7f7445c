import type { FactSheet } from "./fact-sheet.ts"
import { fitLines, type Line } from "./lines.ts"
import { readMachineMemory, readWhole } from "./numbers.ts"

const HEAD = /^The system has (\d+) \((\d+) pages with a page size of (4096|16384)\)\.$/
const FREE = /^System-wide memory free percentage: (\d{1,3})%$/
const COUNT =
  /^(Pages (?:free|purgeable|purged|active|inactive|speculative|throttled|wired down|used by compressor|decompressed|compressed|reactivated)|Swapins|Swapouts|Pageins|Pageouts): (\d+) ?$/
const TITLE = /^(Stats|Swap I\/O|Page Q counts|Compressor Stats|File I\/O): ?$/

/**
 * `memory_pressure` and `memory_pressure -Q` (system_cmds, memory_pressure.c). Its size is pages times their size, which tells
 * damaged numbers. What it calls free says little: 40 % "free" with 22 GB of swap in use has been seen.
 */
export function readMemoryPressure(sheet: FactSheet, lines: readonly Line[]): void {
  let most = Number.MAX_SAFE_INTEGER
  const fit = (text: string) =>
    TITLE.test(text) ? undefined : (HEAD.exec(text) ?? FREE.exec(text) ?? COUNT.exec(text))
  for (const { value: match, isWhole } of fitLines(lines, fit, (text) => sheet.misfit(text))) {
    const [line, first = "", second = "", pageBytes] = match
    if (pageBytes !== undefined) {
      if (Number(first) !== Number(second) * Number(pageBytes))
        sheet.unknown("memoryBytes", "contradictory", `${second} pages are not ${first} bytes`, "The system has")
      else {
        sheet.take("memoryBytes", readMachineMemory(first), "The system has")
        sheet.known("pageBytes", Number(pageBytes), "page size of")
        most = Number(second)
      }
    } else if (line.endsWith("%"))
      sheet.take("memoryFreePercent", readWhole(first, 0, 100), "System-wide memory free percentage")
    else if (isWhole) {
      // These are pages of memory; the others count what has happened since the start.
      const isThere = /^Pages (free|active|inactive|speculative|throttled|wired down|purgeable|used by compressor)$/
      sheet.take("pagesOf", readWhole(second, 0, isThere.test(first) ? most : undefined), first, first)
    }
  }
  sheet.expect(["memoryBytes", "memoryFreePercent"], "memory_pressure")
}
