import { readChipName } from "./chip-name.ts"
import type { FactSheet } from "./fact-sheet.ts"
import { fitLines, type Line } from "./lines.ts"
import { readMachineMemory } from "./numbers.ts"
import { readBootTime, readSwap } from "./sysctl-structures.ts"

const BRAND = /^Apple M\d|^Intel\(R\) |^Apple processor$|^VirtualApple /
/** What values without keys may look like. */
const VALUE = /^(Apple |Intel\(R\) |VirtualApple |\{ |total = |\d+$|Mac\w*\d+,\d+$|\d+(\.\d+){1,2}$|[A-Z][a-z]+$)/
const MEMORY = /^\d{10,13}$/

export function isBareSysctl(lines: readonly Line[]): boolean {
  return (
    lines.length > 0 && lines.length <= 20 && lines.some(({ text }) => BRAND.test(text) || text.startsWith("{ sec = "))
  )
}

/**
 * `sysctl -n`: values without keys. An unknown key leaves no line, so places mean nothing; only values that can be nothing else
 * are read, and a size of memory only where the file's name says that it was asked for.
 */
export function readBareSysctl(sheet: FactSheet, lines: readonly Line[], hint: string): void {
  const fit = (text: string) => (VALUE.test(text) ? text : null)
  for (const { value: text, isWhole } of fitLines(lines, fit, (line) => sheet.misfit(line))) {
    if (BRAND.test(text)) readChipName(sheet, text, "value", isWhole)
    else if (text.startsWith("{ sec = ")) sheet.take("bootTimeMs", readBootTime(text), "value")
    else if (text.startsWith("total = ")) readSwap(sheet, text)
    else if (hint.includes("memsize") && MEMORY.test(text)) sheet.take("memoryBytes", readMachineMemory(text), "value")
  }
  if (hint.includes("memsize")) sheet.expect(["memoryBytes"], "value")
  if (hint.includes("brand")) sheet.expect(["chip"], "value")
}
