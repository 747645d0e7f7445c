import { readChipName } from "./chip-name.ts"
import type { FactSheet } from "./fact-sheet.ts"
import { fitLines, type Line } from "./lines.ts"
import { readMachineMemory } from "./numbers.ts"
import { readBootTime, readSwap } from "./sysctl-structures.ts"

const BRAND = /^Apple M\d|^Intel\(R\) |^Apple processor$|^VirtualApple /
/** What values without keys may look like. */
const VALUE = /^(Apple |Intel\(R\) |VirtualApple |\{ |total = |\d+$|Mac\w*\d+,\d+$|\d+(\.\d+){1,2}$|[A-Z][a-z]+$)/
/** Asked for by itself, so that its one line can be no other's. */
const TRANSLATED = /^sysctl-n-sysctl[.-]proc_translated$/
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
  if (TRANSLATED.test(hint)) {
    readTranslated(sheet, lines)
    return
  }
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

function readTranslated(sheet: FactSheet, lines: readonly Line[]): void {
  const key = "sysctl.proc_translated"
  const [line] = lines
  if (lines.length !== 1 || line === undefined || !/^[01]$/.test(line.text)) {
    for (const { text } of lines) sheet.misfit(text)
    sheet.unknown("isTranslated", "garbage", "it is not one line with 0 or 1", key)
  } else if (!line.isTerminated) sheet.unknown("isTranslated", "truncated", "the line may have been cut", key)
  else sheet.known("isTranslated", line.text === "1", key)
}
