import type { FactValue } from "../../facts/fact.ts"
import { readOutput } from "../../facts/read-output.ts"
import { findSecrets, type RecordText } from "./find-secrets.ts"
import { type MaskKind, Masks } from "./masks.ts"

export interface MaskedRecord {
  readonly texts: readonly RecordText[]
  readonly counts: Readonly<Partial<Record<MaskKind, number>>>
  /** Names of files that are left out, as their masks would have changed what is read from them. */
  readonly leftOut: readonly string[]
}

/**
 * Masks all texts of one machine's record. Only a text whose masked form tells the same facts stays, but for those that are masked
 * themselves; and only one that has none of the names and serial numbers any more. Pure.
 */
export function maskRecord(texts: readonly RecordText[], names: readonly string[]): MaskedRecord {
  const masks = new Masks(findSecrets(texts, names))
  const kept: RecordText[] = []
  const leftOut: string[] = []
  for (const { name, text } of texts) {
    const masked = masks.mask(text, name)
    if (masks.has(masked) || !tellsTheSame(name, text, masked, masks)) leftOut.push(name)
    else kept.push({ name, text: masked })
  }
  return { texts: kept, counts: masks.counts, leftOut }
}

function tellsTheSame(name: string, text: string, masked: string, masks: Masks): boolean {
  const expected = factsOf(name, text, (value) => masks.mask(value))
  const told = factsOf(name, masked, (value) => value)
  return expected.size === told.size && [...expected].every(([fact, value]) => told.get(fact) === value)
}

function factsOf(hint: string, text: string, mask: (text: string) => string): ReadonlyMap<string, string> {
  const { sheet } = readOutput(text, { hint })
  const value = (fact: FactValue) =>
    JSON.stringify(
      typeof fact === "string"
        ? mask(fact)
        : Array.isArray(fact)
          ? fact.map((one) => (typeof one === "string" ? mask(one) : one))
          : fact,
    )
  return new Map(
    sheet
      .facts()
      .filter((fact) => fact.known)
      .map((fact) => [`${fact.name} ${mask(fact.of ?? "")}`, fact.known ? value(fact.value) : ""]),
  )
}
