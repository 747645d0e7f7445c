import { formatBytes } from "../base/bytes.ts"
import type { Conditions } from "./conditions.ts"
import type { EffectivePolicy } from "./effective-policy.ts"
import { keptMemoryBytes, type OwnerPolicy } from "./owner-policy.ts"
import { ifKnown } from "./reading.ts"

/** Swap moves a little by itself; more than this is somebody in need. */
const SWAP_GROWTH_BYTES = 256 * 1024 ** 2

/** A Mac that nobody sits at may use all of its memory for jobs. */
export function mindsMemory({ manners }: Pick<EffectivePolicy, "manners">): boolean {
  return manners.vacatesForMemory
}

/**
 * Why somebody at the Mac needs the memory that stopped jobs hold, in words; `undefined` when nobody does, or when it is not known.
 * A stopped job gives nothing back: only its end does.
 *
 * @param swapBeforeBytes what was swapped when the jobs were stopped; `null` when that was not known
 */
export function memoryNeed(
  conditions: Conditions,
  policy: OwnerPolicy,
  swapBeforeBytes: number | null,
): string | undefined {
  const available = ifKnown(conditions.availableBytes)
  const kept = keptMemoryBytes(policy, conditions.memoryBytes)
  if (available !== undefined && available < kept) {
    return `${formatBytes(available)} of memory are available, ${formatBytes(kept)} are kept for the owner`
  }
  const pressure = ifKnown(conditions.pressure)
  if (pressure !== undefined && pressure !== "normal") return `macOS is short of memory (${pressure})`
  const swapped = ifKnown(conditions.swapUsedBytes)
  if (swapped !== undefined && swapBeforeBytes !== null && swapped - swapBeforeBytes > SWAP_GROWTH_BYTES) {
    return `swap has grown by ${formatBytes(swapped - swapBeforeBytes)}`
  }
  return undefined
}
