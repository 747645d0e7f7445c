import { formatBytes } from "../../base/bytes.ts"
import type { MacFacts } from "../../protocol/mac-facts.ts"
import type { HostVitals } from "../../protocol/vitals.ts"
import { agoText, gpuText, heatText, powerText } from "./vitals-text.ts"

type Pair = readonly [name: string, value: string]

/** All that is known of what a Mac is; of what is not, why. @param gpuMemoryBytes what Metal lets its GPU hold, as far as that is known */
export function macFactPairs(mac: MacFacts, gpuMemoryBytes?: number): Pair[] {
  const unknown = new Map(mac.unknown.map((one) => [one.fact, `unknown (${one.reason}): ${one.text}`]))
  const pair = (name: string, fact: keyof MacFacts, known: string | null): Pair[] => {
    const text = known ?? unknown.get(fact)
    return text === undefined ? [] : [[name, text]]
  }
  const { bandwidthGbPerS, fp32Tflops, gpuCores, gpuWiredLimitMb } = mac
  return [
    ...pair("Mac", "modelName", mac.modelName),
    ...pair("identifier", "model", mac.model),
    ...pair("form", "formFactor", mac.formFactor),
    ...pair("chip", "chip", mac.chip),
    ...pair("kinds of cores", "cores", coresText(mac)),
    ...pair("GPU cores", "gpuCores", gpuCores === null ? null : String(gpuCores)),
    ...pair("GPU speed", "fp32Tflops", fp32Tflops === null ? null : `${fp32Tflops} TFLOPS (FP32, by its chip)`),
    ...pair(
      "GPU may hold",
      "gpuWiredLimitMb",
      gpuWiredLimitMb === null ? null : wiredText(gpuWiredLimitMb, gpuMemoryBytes),
    ),
    ...pair("memory in all", "memoryBytes", mac.memoryBytes === null ? null : formatBytes(mac.memoryBytes)),
    ...pair("bandwidth", "bandwidthGbPerS", bandwidthGbPerS === null ? null : `${bandwidthGbPerS} GB/s (by its chip)`),
    ...pair("macOS", "macosVersion", mac.macosVersion),
    ...pair("build", "macosBuild", mac.macosBuild),
    ...pair("can be a host", "verdict", verdictText(mac)),
  ]
}

/** "24 Performance, 8 Efficiency", as the system names them. */
function coresText({ cores }: MacFacts): string | null {
  if (cores === null) return null
  return cores.map(({ kind, count }) => `${count} ${kind ?? "of a kind without a name"}`).join(", ")
}

function wiredText(megabytes: number, gpuMemoryBytes: number | undefined): string {
  if (megabytes > 0) return `${formatBytes(megabytes * 1024 ** 2)}, as set`
  const most =
    gpuMemoryBytes === undefined ? "as much as macOS lets it" : `${formatBytes(gpuMemoryBytes)}, as macOS lets it`
  return `${most} (no limit was set)`
}

const REFUSALS: Readonly<Record<string, string>> = {
  intel_mac: "it is an Intel Mac",
  virtual_machine: "it is a virtual machine",
  rosetta: "its login runs under Rosetta",
  macos_too_old: "its macOS is too old",
}

function verdictText({ verdict, refusals }: MacFacts): string | null {
  if (verdict === null) return null
  return verdict === "accepted" ? "yes" : `no: ${refusals.map((reason) => REFUSALS[reason] ?? reason).join(", ")}`
}

/** How a host is, as it said last. */
export function vitalsPairs(vitals: HostVitals | null, now: number): Pair[] {
  if (vitals === null) return []
  const { memoryAvailableBytes, memoryPressure, swapUsedBytes, gpuMemoryBytes, load, charging } = vitals
  const power = `${powerText(vitals, now)}${charging === true ? ", charging" : ""}`
  const memory = [
    memoryAvailableBytes !== null && `${formatBytes(memoryAvailableBytes)} available`,
    memoryPressure !== null && `pressure ${memoryPressure}`,
    swapUsedBytes !== null && `${formatBytes(swapUsedBytes)} of swap in use`,
  ].filter((part) => part !== false)
  const gpu = `${gpuText(vitals, now)}${gpuMemoryBytes === null ? "" : `, ${formatBytes(gpuMemoryBytes)} allocated`}`
  return [
    ["looked at", `${agoText(now - vitals.at)} ago`],
    ["GPU in use", gpu === "-" ? "unknown" : gpu],
    ["heat", vitals.heat === null ? "unknown" : heatText(vitals, now)],
    ["power", vitals.power === null ? "unknown" : power],
    ["memory now", memory.length === 0 ? "unknown" : memory.join(", ")],
    ["load", load === null ? "unknown" : load.toFixed(2)],
  ]
}
