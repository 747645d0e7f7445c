import { formatBytes } from "../../base/bytes.ts"
import { shortChipName, shortModelName } from "../../facts/model-name.ts"
import type { HostFacts } from "../../protocol/host.ts"
import type { MacFacts } from "../../protocol/mac-facts.ts"

const LONGEST_CHIP = 28

/**
 * What a machine is, as people say it, in three lengths: "Mac Studio 2025, M3 Ultra, 80 GPU cores, 512 GB",
 * "M3 Ultra, 80 GPU cores, 512 GB", "M3 Ultra 512 GB". What is not known is left out.
 */
export function machineTexts(facts: HostFacts | null): readonly [full: string, short: string, shortest: string] {
  if (facts === null) return ["-", "-", "-"]
  const memory = facts.memoryBytes > 0 ? formatBytes(facts.memoryBytes) : null
  if (facts.platform !== "darwin") {
    const cores = `${facts.cores} ${facts.cores === 1 ? "core" : "cores"}`
    const parts = [cores, memory].filter((part) => part !== null)
    return [[chipName(facts.chip), ...parts].join(", "), parts.join(", "), parts.join(" ")]
  }
  const { mac } = facts
  const chip = chipName(mac?.chip ?? facts.chip)
  const gpu = mac?.gpuCores == null ? null : `${mac.gpuCores} GPU cores`
  const parts = [chip, gpu, memory].filter((part) => part !== null)
  const name = modelText(mac) ?? facts.model
  return [
    (name === null ? parts : [name, ...parts]).join(", "),
    parts.join(", "),
    [chip, memory].filter((part) => part !== null).join(" "),
  ]
}

/** "M3 Ultra" of "Apple M3 Ultra". */
export function chipName(chip: string): string {
  const name = shortChipName(chip)
  return name.length <= LONGEST_CHIP ? name : `${name.slice(0, LONGEST_CHIP - 1).trimEnd()}…`
}

/** "Mac Studio 2025" of "Mac Studio (M3 Ultra, 2025)"; the identifier where the tables do not have it; `null`: not known. */
export function modelText(mac: MacFacts | undefined): string | null {
  if (mac === undefined) return null
  if (mac.modelName === null) return mac.model
  return shortModelName(mac.modelName)
}
