import { fits, needOn, subtractResources } from "../../protocol/resources.ts"
import type { Grid } from "../calendar/grid.ts"
import { endOf, heldBy, totalOf } from "./attempt-room.ts"
import { timesOf } from "./host-times.ts"
import type { QueueJob, QueueScene } from "./queue-scene.ts"

/**
 * Whether what runs leaves a job too few hosts while its booking is on, at any time of that within the window, though it takes no more than its
 * time limit. What has no limit may end before.
 * @param places of hosts on which it could run
 */
export function isTakenThroughout(
  scene: QueueScene,
  { nowMs, endMs }: Pick<Grid, "nowMs" | "endMs">,
  job: QueueJob,
  booking: string,
  places: readonly number[],
): boolean {
  const open = places.filter((place) => {
    const host = scene.hosts[place]!
    const last = timesOf(scene, booking, host.id, nowMs).findLast(({ startMs }) => startMs < endMs)
    if (last === undefined) return false
    const stays = scene.running.filter((one) => {
      const goneMs = endOf(one, nowMs)
      return one.hosts.includes(host.id) && goneMs >= last.endMs && goneMs !== Number.POSITIVE_INFINITY
    })
    const total = totalOf(host)
    const free = stays.reduce((left, one) => subtractResources(left, heldBy(one, scene, place)), total)
    return job.alone || job.hasSecrets ? stays.length === 0 : fits(needOn(job.resources, host.total), free)
  })
  return open.length < job.hosts
}
