import type { Fact } from "./fact.ts"
import type { FactName } from "./fact-names.ts"
import { FactSheet } from "./fact-sheet.ts"
import { concludeMachine } from "./machine.ts"
import { contradictionIn, RESIDENT } from "./page-checks.ts"

/** What is concluded from others; concluded anew where more is known. */
const CONCLUDED: ReadonlySet<FactName> = new Set([
  "modelName",
  "formFactor",
  "memoryBandwidthGbPerS",
  "gpuFp32Tflops",
  "hostVerdict",
  "refusal",
])

/** The facts of one Mac from the outputs of several commands. What two of them say differently is unknown. */
export function mergeSheets(parts: readonly { readonly source: string; readonly sheet: FactSheet }[]): FactSheet {
  const merged = new FactSheet()
  for (const { source, sheet } of parts) {
    for (const fact of sheet.facts()) if (!CONCLUDED.has(fact.name)) add(merged, fact, source)
  }
  holdToMemory(merged)
  // A desktop without a battery lists none, which alone would not tell it from an output that was cut.
  concludeMachine(merged)
  if (merged.text("formFactor") === "desktop") merged.known("hasBattery", false, "model table")
  return merged
}

/** Pages that are counted are of the memory that there is: where they come to more, both numbers cannot be of one Mac. */
function holdToMemory(merged: FactSheet): void {
  const memoryBytes = merged.number("memoryBytes")
  if (memoryBytes === null) return
  const pages = new Map(
    merged.facts().flatMap(({ name, of, known }) => {
      const count = name === "pagesOf" && known && of !== undefined ? merged.number(name, of) : null
      return count === null || of === undefined ? [] : [[of, count]]
    }),
  )
  // Two outputs that count pages may have been taken hours apart, and then each has its own.
  const contradiction = contradictionIn(pages, merged.number("pageBytes"), Number.POSITIVE_INFINITY, memoryBytes)
  if (contradiction === null) return
  for (const name of ["memoryAvailableBytes", "memoryUsedBytes"] as const) {
    const fact = merged.get(name)
    if (fact?.known === true) merged.spoil(name, "contradictory", contradiction, fact.key)
  }
  for (const label of pages.keys()) {
    if ([...RESIDENT, "Pages purgeable"].includes(label)) {
      merged.spoil("pagesOf", "contradictory", contradiction, label, label)
    }
  }
}

function add(merged: FactSheet, fact: Fact, source: string): void {
  const key = `${source}: ${fact.key}`
  if (fact.known) merged.known(fact.name, fact.value, key, fact.of)
  else if (fact.reason === "contradictory") merged.spoil(fact.name, fact.reason, fact.detail, key, fact.of)
  else merged.unknown(fact.name, fact.reason, fact.detail, key, fact.of)
}
