import type { HostFacts } from "../../protocol/host.ts"
import type { Resources } from "../../protocol/resources.ts"

/** What an attempt holds on a host as its agent saw it last, and what it was promised. */
export interface HeldMemory {
  readonly heldBytes: number
  readonly leaseBytes: number
}

/**
 * The memory that jobs may hold in all on a Mac just now: what is available there, less what is kept for its owner, and what jobs hold
 * of their leases already. What one holds beyond its lease is gone for the others. Absent off the Mac, where the owner's apps do not
 * come first.
 *
 * @param total what jobs may use at the best of times; what the Mac has more than that is kept
 * @param availableBytes as sampled; absent when it is not known
 */
export function memoryNow(
  facts: HostFacts | null,
  total: Resources,
  availableBytes: number | undefined,
  held: readonly HeldMemory[],
): number | undefined {
  if (facts?.platform !== "darwin" || availableBytes === undefined) return undefined
  const keptBytes = facts.memoryBytes - total.memoryBytes
  const ofJobs = held.reduce((sum, { heldBytes, leaseBytes }) => sum + Math.min(heldBytes, leaseBytes), 0)
  return Math.max(0, Math.floor(availableBytes - keptBytes + ofJobs))
}
