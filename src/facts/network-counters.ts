import type { FactName } from "./fact-names.ts"
import type { FactSheet } from "./fact-sheet.ts"
import { fitLines, type Line } from "./lines.ts"
import { readWhole } from "./numbers.ts"

const HEAD = /^Name +Mtu +Network +Address +Ipkts +Ierrs(?: +Ibytes)? +Opkts +Oerrs(?: +Obytes)? +Coll(?: +Drop)?\s*$/
const ROW = /^([A-Za-z][a-zA-Z0-9]*)\*? +(\d+) +<Link#\d+> +(?:([0-9a-f]{1,2}(?::[0-9a-f]{1,2}){5,7}) +)?(\d[\d -]*)$/
const COUNTERS: Readonly<Record<string, FactName>> = {
  Ipkts: "receivedPackets",
  Ibytes: "receivedBytes",
  Opkts: "sentPackets",
  Obytes: "sentBytes",
}

export function isCountersHead(text: string): boolean {
  return HEAD.test(text)
}

/**
 * `netstat -i`, `-ib`, `-ibn`, `-ibnd` (netstat(1)): rows with `<Link#N>` count the interface, others an address of it. Columns by
 * the words of the head; rows without an address are counted from their end, since they have one column less.
 */
export function readNetstatInterfaces(sheet: FactSheet, lines: readonly Line[]): void {
  const head = lines.find(({ text, isSound }) => isSound && HEAD.test(text))?.text
  if (head === undefined) {
    sheet.unknown("receivedBytes", "garbage", "the head with the names of the columns is damaged or missing", "Name")
    return
  }
  // A name as wide as its column may be one that was cut: "vmnet" of vmnet1 and vmnet8.
  const width = head.indexOf("Mtu") - 1
  const columns = head.trim().split(/ +/).slice(4)
  const fit = (text: string) =>
    ROW.exec(text) ?? (HEAD.test(text) || /^[A-Za-z][a-zA-Z0-9]*\*? +\d+ /.test(text) ? undefined : null)
  for (const { value: match, isWhole } of fitLines(lines, fit, (text) => sheet.misfit(text))) {
    if (!isWhole || (match[1] ?? "").length >= width) continue
    const counts = (match[4] ?? "").trim().split(/ +/)
    // Rows of links may leave the last column, Drop, empty.
    const isShort = columns.at(-1) === "Drop" && counts.length === columns.length - 1
    if (counts.length !== columns.length && !isShort) {
      sheet.misfit(match[0])
      continue
    }
    for (const [at, column] of columns.entries()) {
      const name = COUNTERS[column]
      if (name !== undefined) sheet.take(name, readWhole(counts[at] ?? ""), column, match[1])
    }
  }
}
