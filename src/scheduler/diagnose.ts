import type { JobId } from "../protocol/ids.ts"
import { needOn } from "../protocol/resources.ts"
import { hostObstacles, keptOn, lastingObstacles, mustStayApart, type Obstacle } from "./obstacle.ts"
import type { HostRoom, Pass, ShapeQueue } from "./pass.ts"
import type { Shape } from "./shape.ts"

/** Earlier jobs named in an answer; the rest is counted. */
const MAX_NAMED = 3

/**
 * Everything that keeps jobs of this shape off the host at this point of a pass, most telling first; none when one could
 * start. All of it is true by itself: with every other obstacle away, each would still be in the way.
 */
export function diagnose(pass: Pass, room: HostRoom, shape: Shape): Obstacle[] {
  const { host, free, leases } = room
  const lasting = lastingObstacles(shape, host)
  if (lasting.length > 0) return lasting
  const found = hostObstacles(host)
  const kept = keptOn(shape, host)
  if (kept !== undefined) found.push(kept)

  const need = needOn(shape.resources, host.total)
  if (need.gpus > free.gpus) {
    found.push({
      code: "gpu_leased",
      asked: need.gpus,
      free: free.gpus,
      leases: leases.filter((lease) => lease.resources.gpus > 0),
    })
  }
  const leasedBytes = room.total.memoryBytes - free.memoryBytes
  const unleasedBytes = host.total.memoryBytes - leasedBytes
  const isLeased = need.memoryBytes > unleasedBytes
  if (isLeased) found.push({ code: "memory_leased", asked: need.memoryBytes, free: unleasedBytes, leases })
  if (need.memoryBytes > (isLeased ? room.total.memoryBytes : free.memoryBytes)) {
    found.push({ code: "memory_short", asked: need.memoryBytes, free: free.memoryBytes, forGpu: need.gpus > 0 })
  }
  if (need.cores > free.cores) found.push({ code: "cores_leased", asked: need.cores, free: free.cores, leases })

  const others = leases.filter((lease) => mustStayApart(shape, lease))
  if (others.length > 0) found.push({ code: "secrets_apart", leases: others })

  if (pass.isHeld(room, shape)) {
    const alone = room.holders.filter((holder) => pass.isHeldFor(room, shape, holder))
    found.push(heldFor(alone.length > 0 ? alone : room.holders))
  }
  return found
}

function heldFor(holders: readonly ShapeQueue[]): Obstacle {
  const first: JobId[] = holders.flatMap((holder) => holder.held.slice(0, MAX_NAMED))
  const jobs = first.sort((a, b) => a - b).slice(0, MAX_NAMED)
  const count = holders.reduce((sum, holder) => sum + holder.held.length, 0)
  return { code: "held_for_earlier", jobs, more: count - jobs.length }
}
