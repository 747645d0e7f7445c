import { readChipName } from "./chip-name.ts"
import { CHIPS } from "./chip-table.ts"
import { known, type Reading, unknown } from "./fact.ts"
import type { FactSheet } from "./fact-sheet.ts"
import { type Json, jsonObjects } from "./json-text.ts"
import { jsonText, takeJsonWhole } from "./json-values.ts"
import { readIdentifier } from "./model-map.ts"
import { shorten } from "./numbers.ts"

const GIB = 1024 ** 3
/** Sizes Macs and virtual machines are seen with: every size up to 64 that is even or small, and what Apple sells above. */
const MORE_SIZES_GIB: ReadonlySet<number> = new Set([72, 80, 96, 112, 128, 160, 192, 256, 384, 512, 768, 1024, 1536])

/** `"128 GB"`, as system_profiler writes memory: GiB. */
export function readMemoryText(text: string): Reading<number> {
  const match = /^([1-9]\d{0,3}) (GB|TB)$/.exec(text)
  if (match === null) return unknown("garbage", `"${shorten(text)}" is no size of memory`)
  const gib = Number(match[1]) * (match[2] === "TB" ? 1024 : 1)
  if (gib > 64 && !MORE_SIZES_GIB.has(gib)) return unknown("implausible", `no Mac has ${text}`)
  return known(gib * GIB)
}

/**
 * `SPHardwareDataType`. Serial number and UUIDs, which stand there too, are left alone. From a program under Rosetta, and in some
 * virtual machines, the processor is "Unknown".
 */
export function readProfiledHardware(sheet: FactSheet, items: Json): void {
  for (const item of jsonObjects(items)) {
    const { chip_type: chip, cpu_type: cpu } = item
    const model = jsonText(sheet, ["modelIdentifier"], item.machine_model, "machine_model")
    const memory = jsonText(sheet, ["memoryBytes"], item.physical_memory, "physical_memory")
    if (model !== null) {
      if (readIdentifier(model) === null)
        sheet.unknown("modelIdentifier", "garbage", `"${shorten(model)}" is no identifier`, "machine_model")
      else sheet.known("modelIdentifier", model, "machine_model")
    }
    if (memory !== null) sheet.take("memoryBytes", readMemoryText(memory), "physical_memory")
    const name = jsonText(sheet, ["chip"], chip, "chip_type")
    if (name !== null) readProcessorName(sheet, name, model, "chip_type")
    if (typeof cpu === "string") readProcessorName(sheet, cpu, model, "cpu_type")
    const processors = item.number_processors
    if (typeof processors === "string") readProcessors(sheet, processors)
    else takeJsonWhole(sheet, "cpuCores", processors, [1, 128], "number_processors")
    if (typeof item.machine_name === "string" && /^Apple Virtual Machine \d$/.test(item.machine_name)) {
      sheet.known("isVirtual", true, "machine_name")
    }
  }
}

/**
 * A program for Intel on Apple silicon is shown a processor without a name: that of a Mac whose `model` is of Apple silicon, and
 * no virtual one, is "Unknown" only under Rosetta.
 */
export function readProcessorName(sheet: FactSheet, name: string, model: string | null, key: string): void {
  if (name !== "Unknown") {
    readChipName(sheet, name, key, true)
    return
  }
  sheet.unknown("chip", "no_such_key", "the system says Unknown", key)
  const told = model === null ? null : readIdentifier(model)
  if (told?.architecture === "apple_silicon" && !told.isVirtual) sheet.known("isTranslated", true, key)
}

/**
 * `proc 16:12:4`, `proc 24:16:8:0`, `proc 18:6:0:12`: the total, and kinds in an order that differs between releases of macOS.
 * So only this is read: the greatest number is the sum of the others, and which kind has which number is asked of the chip
 * table, if it has exactly these numbers.
 */
export function readProcessors(sheet: FactSheet, text: string): void {
  const key = "number_processors"
  const parts = /^proc ([1-9]\d{0,2}(?::(?:0|[1-9]\d{0,2})){1,4})$/.exec(text)?.[1]?.split(":").map(Number)
  if (parts === undefined) {
    sheet.unknown("cpuCores", "garbage", `"${shorten(text)}" are no numbers of cores`, key)
    return
  }
  const total = Math.max(...parts)
  const kinds = [...parts].sort((a, b) => b - a).slice(1)
  const sum = kinds.reduce((before, count) => before + count, 0)
  if (sum !== total) {
    sheet.unknown("cpuCores", "contradictory", `in "${text}" no number is the sum of the others`, key)
    return
  }
  sheet.known("cpuCores", total, key)
  readKinds(
    sheet,
    kinds.filter((count) => count > 0),
    key,
  )
}

function readKinds(sheet: FactSheet, kinds: readonly number[], key: string): void {
  const row = CHIPS.get(sheet.text("chip") ?? "")
  const sorted = (counts: readonly number[]) => [...counts].sort((a, b) => a - b).join(":")
  const layout = row?.layouts.find(({ counts }) => sorted(counts) === sorted(kinds))
  const of = `${key} with the chip table`
  if (layout !== undefined) {
    sheet.known("coreCounts", layout.counts, of)
    if (layout.names !== null) sheet.known("coreNames", layout.names, of)
    else sheet.unknown("coreNames", "not_in_table", "the kinds' names are not settled", of)
    return
  }
  const detail = row === undefined ? "the tables do not have the chip" : "the chip is not sold with these numbers"
  sheet.unknown("coreCounts", "not_in_table", detail, of)
  sheet.unknown("coreNames", "not_in_table", detail, of)
}
