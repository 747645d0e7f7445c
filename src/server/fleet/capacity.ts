import type { EffectivePolicy } from "../../presence/effective-policy.ts"
import { keptMemoryBytes, mindsPresence } from "../../presence/owner-policy.ts"
import type { HostFacts } from "../../protocol/host.ts"
import { NO_RESOURCES, type Resources } from "../../protocol/resources.ts"
import type { KeptMemory } from "../../scheduler/snapshot.ts"

const GIB = 1024 ** 3

/**
 * What jobs may use of a host: all cores and GPUs, and the memory less what stays its owner's where somebody may sit at it
 * (`keep_memory`), and else less an eighth (between 0.5 and 8 GiB) that the system needs.
 */
export function capacityOf(facts: HostFacts | null, { values }: Pick<EffectivePolicy, "values">): Resources {
  if (facts === null) return NO_RESOURCES
  const isOwners = facts.platform === "darwin" && mindsPresence(values)
  const kept =
    isOwners || values.keepMemoryBytes !== null
      ? keptMemoryBytes(values, facts.memoryBytes)
      : Math.min(8 * GIB, Math.max(GIB / 2, facts.memoryBytes / 8))
  return { memoryBytes: Math.max(0, Math.floor(facts.memoryBytes - kept)), gpus: facts.gpus, cores: facts.cores }
}

/** What a rule keeps of a host's memory; `null` where nobody has said anything. */
export function keptOf(facts: HostFacts | null, policy: Pick<EffectivePolicy, "values">): KeptMemory | null {
  const { keepMemoryBytes } = policy.values
  if (facts === null || keepMemoryBytes === null) return null
  const { memoryBytes: elseBytes } = capacityOf(facts, { values: { ...policy.values, keepMemoryBytes: null } })
  return { bytes: Math.min(keepMemoryBytes, facts.memoryBytes), ofBytes: facts.memoryBytes, elseBytes }
}
