import { CHIPS, fp32Tflops } from "../../facts/chip-table.ts"
import { gpuMemoryBytes } from "../../facts/gpu-memory.ts"
import type { ChipFacts, FleetRules } from "../../hive/fleet/read-fleet.ts"
import { keptMemoryBytes, presetOf } from "../../presence/owner-policy.ts"

/** What a described fleet is read by: the tables that hosts are known by, too. */
export const fleetRules: FleetRules = {
  chip: chipFacts,
  workingSetBytes: (memoryBytes) => gpuMemoryBytes(memoryBytes, null),
  ownersBytes: (memoryBytes) => keptMemoryBytes(presetOf("default").values, memoryBytes),
}

/**
 * Where the number of GPU cores is not said, or is none it was sold with, the smaller one is taken: Macs were sold with either, and less is promised.
 */
function chipFacts(typed: string, gpuCores: number | null): ChipFacts | null {
  // "M3 Ultra", "M3Ultra", "Apple M3-Ultra", and as `sysctl` and System Settings say it.
  const plain = (name: string) =>
    name
      .toLowerCase()
      .replace(/^apple/, "")
      .replaceAll(/[\s_-]|\bchip\b/g, "")
  const row = [...CHIPS].find(([chip]) => plain(chip) === plain(typed.trim()))
  if (row === undefined) return null
  const [chip, { bins }] = row
  const bin = bins.findLast((one) => gpuCores !== null && one.gpuCores <= gpuCores) ?? bins[0]
  if (bin === undefined) return { name: chip, bandwidthGbPerS: null, tflops: null }
  return { name: chip, bandwidthGbPerS: bin.bandwidthGbPerS, tflops: fp32Tflops(row[1], bin.gpuCores) }
}
