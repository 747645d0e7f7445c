import type { HostId, JobId } from "../protocol/ids.ts"
import { fits, needOn, subtractResources } from "../protocol/resources.ts"
import { couldRunOn, mustStayApart } from "./obstacle.ts"
import { Pass } from "./pass.ts"
import type { Snapshot, WaitingJob } from "./snapshot.ts"

/** Jobs looked at: who stands further back waits for other things first. */
const LOOKED_AT = 1_000

export interface HostToWake {
  readonly host: HostId
  /** The first job that it is woken for. */
  readonly job: JobId
}

/**
 * Sleeping hosts that jobs which still wait could run on, and that may be woken: for each job in queue order the first of its rank
 * that has room, counting those it is woken for already. So no more are woken than there is work for. Pure, as the plan is; called
 * once nothing more starts by itself.
 */
export function hostsToWake(snapshot: Snapshot, nowMs: number): HostToWake[] {
  const sleeping = [...snapshot.hosts].filter(
    (host) =>
      host.link === "asleep" &&
      host.network?.wakes === true &&
      !host.draining &&
      host.withheld === null &&
      // Who was there when it fell asleep is no longer; what its owner has said holds still.
      !host.ownerObstacles.some(({ code }) => code === "paused" || code === "outside_hours"),
  )
  if (sleeping.length === 0) return []
  const pass = new Pass({ hosts: sleeping, leases: snapshot.leases })
  const woken = new Map<HostId, HostToWake>()
  let looks = 0
  for (const job of eachTask(snapshot.waiting)) {
    if (++looks > LOOKED_AT) break
    if (job.notBeforeMs !== null && job.notBeforeMs > nowMs) continue
    const room = pass
      .queueOf(job)
      .rooms.find(
        ({ host, free, leases }) =>
          couldRunOn(job, host) &&
          fits(needOn(job.resources, host.total), free) &&
          !leases.some((lease) => mustStayApart(job, lease)),
      )
    if (room === undefined) continue
    const resources = needOn(job.resources, room.host.total)
    room.free = subtractResources(room.free, resources)
    const { user, hasSecrets } = job
    room.leases.push({ job: job.id, host: room.host.id, resources, user, hasSecrets, expectedEndMs: null })
    if (!woken.has(room.host.id)) woken.set(room.host.id, { host: room.host.id, job: job.id })
  }
  return [...woken.values()]
}

/** An array as often as tasks of it may start. */
function* eachTask(waiting: Iterable<WaitingJob>): Generator<WaitingJob> {
  for (const job of waiting) {
    const { array } = job
    const left = array === undefined || array.atOnce === null ? 1 : array.atOnce - array.running
    const most =
      array?.tasks == null
        ? Math.min(1, left)
        : array.atOnce === null
          ? array.tasks.count
          : Math.min(left, array.tasks.count)
    for (let i = 0; i < most; i++) yield job
  }
}
