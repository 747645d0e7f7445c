import { formatBytes } from "../../base/bytes.ts"
import { mindsMemory } from "../../presence/memory-need.ts"
import type { Scene } from "../../presence/obstacle.ts"
import { keptMemoryBytes } from "../../presence/owner-policy.ts"
import { ifKnown } from "../../presence/reading.ts"
import type { OwnersRefusal } from "../../presence/why.ts"
import type { MemoryNews } from "../memory-news.ts"

/**
 * Why an attempt does not fit into the memory that is available now, though its server thought so; `null` when it does, and where the
 * server knows as much: it has its own reckoning, and one attempt is refused at most for each fall.
 *
 * @param scene with memory as it is now
 * @param leaseBytes what the attempt was promised
 */
export async function shortOfMemory(
  { conditions, policy }: Scene,
  leaseBytes: number,
  news: MemoryNews,
): Promise<OwnersRefusal | null> {
  const available = ifKnown(conditions.availableBytes)
  if (available === undefined || !(await news.seen(available))) return null
  const kept = keptMemoryBytes(policy.values, conditions.memoryBytes)
  if (!mindsMemory(policy) || available >= kept + leaseBytes) return null
  const reason = `${formatBytes(available)} of its memory are available now, ${formatBytes(kept)} are kept for its owner, and ${formatBytes(leaseBytes)} were asked for`
  return { cause: "owner_returned", reason }
}
