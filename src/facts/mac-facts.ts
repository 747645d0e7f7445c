import type { CoreKind, MacFacts, UnknownFact } from "../protocol/mac-facts.ts"
import type { FactName } from "./fact-names.ts"
import type { FactSheet } from "./fact-sheet.ts"
import { type MacOutput, sheetOf } from "./mac-output.ts"

/** The keys of `sysctl -i` that say what a Mac is. A key that its system does not have has no line. */
export const MAC_SYSCTL_KEYS: readonly string[] = [
  ..."hw.memsize hw.model hw.ncpu hw.physicalcpu hw.cpufamily hw.nperflevels".split(" "),
  ...[0, 1, 2, 3].flatMap((level) => [`hw.perflevel${level}.physicalcpu`, `hw.perflevel${level}.name`]),
  ..."machdep.cpu.brand_string hw.optional.arm64 kern.hv_vmm_present sysctl.proc_translated".split(" "),
  ..."kern.osproductversion kern.osversion iogpu.wired_limit_mb".split(" "),
]

/** The fields of {@link MacFacts} that a fact each stands behind, and the command that would tell. */
const FIELDS = [
  ["model", "modelIdentifier", "sysctl"],
  ["modelName", "modelName", "sysctl"],
  ["formFactor", "formFactor", "sysctl"],
  ["chip", "chip", "sysctl"],
  ["gpuCores", "gpuCores", "ioreg"],
  ["memoryBytes", "memoryBytes", "sysctl"],
  ["bandwidthGbPerS", "memoryBandwidthGbPerS", "ioreg"],
  ["fp32Tflops", "gpuFp32Tflops", "ioreg"],
  ["gpuWiredLimitMb", "gpuWiredLimitMb", "sysctl"],
  ["macosVersion", "macosVersion", "sw_vers"],
  ["macosBuild", "macosBuild", "sw_vers"],
  ["verdict", "hostVerdict", "sysctl"],
] as const satisfies readonly (readonly [keyof MacFacts, FactName, string])[]

/**
 * What a Mac is, from the outputs of `sysctl -i` with {@link MAC_SYSCTL_KEYS}, `ioreg -r -d 1 -w 0 -c IOAccelerator` and `sw_vers`,
 * hinted by these three words. Never throws: what cannot be read is unknown, with the reason.
 */
export function readMacFacts(outputs: readonly MacOutput[]): MacFacts {
  const sheet = sheetOf(outputs)
  const unknown: UnknownFact[] = []
  for (const [field, fact, command] of FIELDS) {
    const why = whyUnknown(sheet, fact, outputs, command)
    if (why !== null) unknown.push({ fact: field, ...why })
  }
  const cores = coresOf(sheet)
  const why = cores === null ? whyUnknown(sheet, "coreCounts", outputs, "sysctl") : null
  if (why !== null) unknown.push({ fact: "cores", ...why })
  return {
    model: sheet.text("modelIdentifier"),
    modelName: sheet.text("modelName"),
    formFactor: oneOf(sheet.text("formFactor"), ["laptop", "desktop"]),
    chip: sheet.text("chip"),
    cores,
    gpuCores: sheet.number("gpuCores"),
    memoryBytes: sheet.number("memoryBytes"),
    bandwidthGbPerS: sheet.number("memoryBandwidthGbPerS"),
    fp32Tflops: sheet.number("gpuFp32Tflops"),
    gpuWiredLimitMb: sheet.number("gpuWiredLimitMb"),
    macosVersion: sheet.text("macosVersion"),
    macosBuild: sheet.text("macosBuild"),
    verdict: oneOf(sheet.text("hostVerdict"), ["accepted", "refused"]),
    refusals: sheet.facts().flatMap(({ name, of, known }) => (name === "refusal" && known && of ? [of] : [])),
    unknown,
  }
}

function oneOf<Text extends string>(text: string | null, all: readonly Text[]): Text | null {
  return all.find((one) => one === text) ?? null
}

/** Names without counts say nothing; counts without names still do. */
function coresOf(sheet: FactSheet): CoreKind[] | null {
  const counts = sheet.value("coreCounts")
  if (!Array.isArray(counts)) return null
  const names = sheet.value("coreNames")
  return counts.map((count, at) => ({ kind: Array.isArray(names) ? String(names[at]) : null, count: Number(count) }))
}

function whyUnknown(
  sheet: FactSheet,
  name: FactName,
  outputs: readonly MacOutput[],
  command: string,
): { readonly reason: string; readonly text: string } | null {
  const fact = sheet.get(name)
  if (fact?.known === true) return null
  const source = outputs.find(({ hint }) => hint === command)
  // That the command failed says more than that its output lacks the key.
  const failed = source?.problem ?? null
  if (failed !== null && (fact === undefined || fact.reason === "no_such_key" || fact.reason === failed.reason)) {
    return { reason: failed.reason, text: failed.detail }
  }
  if (fact !== undefined) return { reason: fact.reason, text: fact.detail }
  return { reason: "no_such_key", text: `${command} does not say` }
}
