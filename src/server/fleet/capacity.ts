import type { HostFacts } from "../../protocol/host.ts"
import { NO_RESOURCES, type Resources } from "../../protocol/resources.ts"

const GIB = 1024 ** 3

/**
 * What jobs may use of a host: all cores and GPUs, and the memory less an eighth (between 0.5 and 8 GiB) that the system
 * and the person at it need.
 */
export function capacityOf(facts: HostFacts | null): Resources {
  if (facts === null) return NO_RESOURCES
  const kept = Math.min(8 * GIB, Math.max(GIB / 2, facts.memoryBytes / 8))
  return { memoryBytes: Math.max(0, Math.floor(facts.memoryBytes - kept)), gpus: facts.gpus, cores: facts.cores }
}
