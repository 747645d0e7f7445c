import { readChipName } from "./chip-name.ts"
import { chipsOfSoc } from "./chip-table.ts"
import type { FactName } from "./fact-names.ts"
import type { FactSheet } from "./fact-sheet.ts"
import { hasKey, numberIn, type RegistryNode } from "./ioreg.ts"
import { isDictionary, isList } from "./property-value.ts"

const STATISTICS = "PerformanceStatistics"
/**
 * Keys inside PerformanceStatistics, and what no Mac exceeds. `In use system memory (driver)` is another key, and only
 * `Alloc system memory` shows a loaded model: what is in use drops to almost nothing between computations.
 */
const COUNTERS: readonly (readonly [key: string, name: FactName, most: number])[] = [
  ["Device Utilization %", "gpuBusyPercent", 100],
  ["Renderer Utilization %", "gpuRendererPercent", 100],
  ["Tiler Utilization %", "gpuTilerPercent", 100],
  ["Alloc system memory", "gpuMemoryAllocatedBytes", 2 ** 42],
  ["In use system memory", "gpuMemoryInUseBytes", 2 ** 42],
  ["recoveryCount", "gpuRecoveries", 1_000_000],
]

export interface GpuClient {
  readonly pid: number
  readonly name: string
  /** GPU time since the client began. Only differences mean anything. */
  readonly gpuNs: number
}

/** `ioreg -r -c IOAccelerator -w 0`, with `-l` its clients too. */
export function readAccelerator(sheet: FactSheet, nodes: readonly RegistryNode[]): void {
  const accelerators = nodes.filter(isAccelerator)
  for (const node of accelerators) {
    readClass(sheet, node)
    readStatistics(sheet, node)
    const cores = numberIn(node.properties, "gpu-core-count")
    if (cores !== null && cores > 0 && cores <= 512) sheet.known("gpuCores", cores, "gpu-core-count")
    else if (cores !== null) sheet.unknown("gpuCores", "implausible", `no Mac has ${cores}`, "gpu-core-count")
    else if (hasKey(node, "gpu-core-count")) damaged(sheet, "gpuCores", "gpu-core-count")
    const model = node.properties.get("model")
    if (typeof model === "string" && model.startsWith("Apple ")) {
      readChipName(sheet, model, "model", true)
      if (sheet.text("chip") === model) sheet.known("gpuModel", model, "model")
    } else if (node.damaged.has("model")) damaged(sheet, "gpuModel", "model")
    const matched = node.properties.get("IONameMatched")
    const soc = typeof matched === "string" ? /^gpu,(t\d{4})$/.exec(matched)?.[1] : undefined
    const chips = soc === undefined ? null : chipsOfSoc(soc.toUpperCase())
    if (chips !== null) sheet.known("chipFamily", chips, "IONameMatched")
  }
  if (accelerators.length > 0) sheet.expect(["gpuBusyPercent", "gpuCores", "gpuMemoryAllocatedBytes"], STATISTICS)
  for (const { pid, name } of gpuClients(nodes)) {
    if (/^[\w .()+-]{1,40}$/.test(name)) sheet.known("gpuClient", name, "IOUserClientCreator", String(pid))
  }
}

function isAccelerator(node: RegistryNode): boolean {
  return /Accelerator/.test(node.className) || hasKey(node, STATISTICS)
}

/** AGXAcceleratorG13X: the digits name the generation, 13 for M1, and so on; M5's are 17. */
function readClass(sheet: FactSheet, { className }: RegistryNode): void {
  const match = /^AGXAcceleratorG(1[3-9]|2\d)([GSCDPX])?(_[A-C]\d)?$/.exec(className)
  if (match === null) return
  sheet.known("gpuClass", className, "class")
  sheet.known("gpuGeneration", `M${Number(match[1]) - 12}`, "class")
  sheet.known("architecture", "apple_silicon", "class")
}

function readStatistics(sheet: FactSheet, node: RegistryNode): void {
  const statistics = node.properties.get(STATISTICS)
  if (!isDictionary(statistics)) {
    if (node.damaged.has(STATISTICS)) for (const [, name] of COUNTERS) damaged(sheet, name, STATISTICS)
    return
  }
  for (const [key, name, most] of COUNTERS) {
    const value = numberIn(statistics, key)
    if (value === null) {
      if (statistics.has(key)) damaged(sheet, name, `${STATISTICS}: ${key}`)
      continue
    }
    if (value >= 0 && value <= most) sheet.known(name, value, `${STATISTICS}: ${key}`)
    else sheet.unknown(name, "implausible", `${value} is more than ${most}`, `${STATISTICS}: ${key}`)
  }
}

function damaged(sheet: FactSheet, name: FactName, key: string): void {
  sheet.unknown(name, "garbage", "its value is damaged, cut, or there twice", key)
}

/**
 * The processes that use the GPU, with the time it worked for each: the sum over `AppUsage` of their clients (children
 * `AGXDeviceUserClient`, with `-l`). nvtop and mactop read the same.
 */
export function gpuClients(nodes: readonly RegistryNode[]): GpuClient[] {
  const clients = new Map<number, GpuClient>()
  for (const { properties } of nodes) {
    const creator = properties.get("IOUserClientCreator")
    const usage = properties.get("AppUsage")
    const match = typeof creator === "string" ? /^pid ([1-9]\d{0,4}), (.+)$/.exec(creator) : null
    if (match === null || !isList(usage)) continue
    const pid = Number(match[1])
    const gpuNs = usage.reduce<number>(
      (sum, one) => sum + (isDictionary(one) ? (numberIn(one, "accumulatedGPUTime") ?? 0) : 0),
      clients.get(pid)?.gpuNs ?? 0,
    )
    clients.set(pid, { pid, name: match[2] ?? "", gpuNs })
  }
  return [...clients.values()]
}
