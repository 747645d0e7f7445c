import { readChipName } from "./chip-name.ts"
import type { FactSheet } from "./fact-sheet.ts"
import type { Line } from "./lines.ts"
import { readMachineMemory } from "./numbers.ts"
import { readBootTime, readSwap } from "./sysctl-structures.ts"

const BRAND = /^Apple M\d|^Intel\(R\) |^Apple processor$|^VirtualApple /
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
  for (const { text, isSound, isTerminated } of lines) {
    if (!isSound) sheet.misfit(text)
    else if (BRAND.test(text)) readChipName(sheet, text, "value", isTerminated)
    else if (text.startsWith("{ sec = ")) sheet.take("bootTimeMs", readBootTime(text), "value")
    else if (text.startsWith("total = ")) readSwap(sheet, text)
    else if (MEMORY.test(text) && hint.includes("memsize")) sheet.take("memoryBytes", readMachineMemory(text), "value")
    else sheet.misfit(text)
  }
  if (hint.includes("memsize")) sheet.expect(["memoryBytes"], "value")
  if (hint.includes("brand")) sheet.expect(["chip"], "value")
}
