import { gpuMemoryBytes } from "../../facts/gpu-memory.ts"
import { readWhole } from "../../facts/numbers.ts"
import type { HostFacts } from "../../protocol/host.ts"
import { parseFreeMemory } from "./darwin-text.ts"

type MemoryFacts = Pick<HostFacts, "gpuMemoryBytes" | "memoryAvailableBytes">

/**
 * What of a Mac's memory jobs could have: the GPU's share, and what is available now. What cannot be read is left out.
 *
 * @param sysctl all that `sysctl -i` says of `iogpu.wired_limit_mb`, by key
 * @param vmStat what `vm_stat` prints
 */
export function memoryFacts(
  { memoryBytes, gpus }: Pick<HostFacts, "memoryBytes" | "gpus">,
  sysctl: ReadonlyMap<string, string>,
  vmStat: string,
): MemoryFacts {
  const limit = readWhole(sysctl.get("iogpu.wired_limit_mb") ?? "")
  const gpu = gpus > 0 && memoryBytes > 0 ? gpuMemoryBytes(memoryBytes, limit.known ? limit.value : null) : undefined
  const available = availableNow(vmStat, memoryBytes > 0 ? memoryBytes : null)
  return {
    ...(gpu === undefined ? {} : { gpuMemoryBytes: gpu }),
    ...(available === undefined ? {} : { memoryAvailableBytes: available }),
  }
}

function availableNow(vmStat: string, memoryBytes: number | null): number | undefined {
  try {
    return Math.max(0, Math.floor(parseFreeMemory(vmStat, memoryBytes)))
  } catch {
    return undefined
  }
}
