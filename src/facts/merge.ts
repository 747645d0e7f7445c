import type { Fact } from "./fact.ts"
import type { FactName } from "./fact-names.ts"
import { FactSheet } from "./fact-sheet.ts"
import { concludeMachine } from "./machine.ts"

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
  // A desktop without a battery lists none, which alone would not tell it from an output that was cut.
  concludeMachine(merged)
  if (merged.text("formFactor") === "desktop") merged.known("hasBattery", false, "model table")
  return merged
}

function add(merged: FactSheet, fact: Fact, source: string): void {
  const key = `${source}: ${fact.key}`
  if (fact.known) merged.known(fact.name, fact.value, key, fact.of)
  else if (fact.reason === "contradictory") merged.spoil(fact.name, fact.reason, fact.detail, key, fact.of)
  else merged.unknown(fact.name, fact.reason, fact.detail, key, fact.of)
}
