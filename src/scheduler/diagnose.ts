import type { JobId } from "../protocol/ids.ts"
import { addResources, needOn, type Resources, subtractResources } from "../protocol/resources.ts"
import { hostObstacles, keptOn, largeEnough, lastingObstacles, mustStayApart, type Obstacle } from "./obstacle.ts"
import { type HostRoom, type Pass, type ShapeQueue, totalNow } from "./pass.ts"
import type { Shape } from "./shape.ts"

/** Earlier jobs named in an answer; the rest is counted. */
const MAX_NAMED = 3

/**
 * Everything that keeps jobs of this shape off the host at this point of a pass, most telling first; none when one could
 * start. All of it is true by itself: with every other obstacle away, each would still be in the way. With all of it away there is room: where the
 * host is too small, for as much more as it lacks.
 */
export function diagnose(pass: Pass, asItIs: HostRoom, shape: Shape): Obstacle[] {
  const lasting = lastingObstacles(shape, asItIs.host)
  const room = enlarged(asItIs, needOn(shape.resources, asItIs.host.total))
  const { host, free, leases } = room
  const found = [...lasting, ...hostObstacles(host)]
  const kept = keptOn(shape, host)
  if (kept !== undefined) found.push(kept)

  const need = needOn(shape.resources, host.total)
  if (need.gpus > free.gpus) {
    found.push({
      code: "gpu_leased",
      asked: need.gpus,
      free: asItIs.free.gpus,
      leases: leases.filter((lease) => lease.resources.gpus > 0),
    })
  }
  const lackingBytes = host.total.memoryBytes - asItIs.host.total.memoryBytes
  const leasedBytes = room.total.memoryBytes - free.memoryBytes
  const unleasedBytes = host.total.memoryBytes - leasedBytes
  const isLeased = need.memoryBytes > unleasedBytes
  if (isLeased)
    found.push({ code: "memory_leased", asked: need.memoryBytes, free: unleasedBytes - lackingBytes, leases })
  const isShort = need.memoryBytes > (isLeased ? room.total.memoryBytes : free.memoryBytes)
  if (isShort) {
    found.push({ code: "memory_short", asked: need.memoryBytes, free: asItIs.free.memoryBytes, forGpu: need.gpus > 0 })
  }
  if (need.cores > free.cores) found.push({ code: "cores_leased", asked: need.cores, free: asItIs.free.cores, leases })

  const others = leases.filter((lease) => mustStayApart(shape, lease))
  if (others.length > 0) found.push({ code: "secrets_apart", leases: others })

  // With the memory that others use now, those before it have room as well.
  const then = isShort ? { ...room, total: host.total, outlook: undefined } : room
  if (pass.isHeld(then, shape)) {
    const alone = then.holders.filter((holder) => pass.isHeldFor(then, shape, holder))
    // The others may be so together.
    const others = then.holders.filter((holder) => !alone.includes(holder))
    const isTogether = pass.isHeld({ ...then, holders: others, outlook: undefined }, shape)
    found.push(heldFor(isTogether ? then.holders : alone))
  }
  return found
}

/** The same room on a host that is as large as the job needs it. */
function enlarged(room: HostRoom, need: Resources): HostRoom {
  const host = largeEnough(room.host, need)
  if (host === room.host) return room
  const total = totalNow(host)
  const more = subtractResources(total, room.total)
  return { ...room, host, total, free: addResources(room.free, more), outlook: undefined }
}

function heldFor(holders: readonly ShapeQueue[]): Obstacle {
  const first: JobId[] = holders.flatMap((holder) => holder.held.slice(0, MAX_NAMED))
  const jobs = first.sort((a, b) => a - b).slice(0, MAX_NAMED)
  const count = holders.reduce((sum, holder) => sum + holder.held.length, 0)
  return { code: "held_for_earlier", jobs, more: count - jobs.length }
}
