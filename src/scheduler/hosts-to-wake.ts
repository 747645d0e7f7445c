import type { HostId, JobId } from "../protocol/ids.ts"
import { fits, needOn, subtractResources } from "../protocol/resources.ts"
import { couldRunOn, mustStayApart, takesJobs } from "./obstacle.ts"
import { type HostRoom, Pass } from "./pass.ts"
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
 * that have room, counting those it is woken for already. So no more are woken than there is work for. For one on several hosts as many as it needs
 * beside those that are awake and have room, and none where that does not make enough. Pure, as the plan is; called once nothing more starts by itself.
 */
export function hostsToWake(snapshot: Snapshot, nowMs: number): HostToWake[] {
  const hosts = [...snapshot.hosts]
  const sleeping = hosts.filter(
    (host) =>
      host.link === "asleep" &&
      host.network?.wakes === true &&
      !host.draining &&
      host.withheld === null &&
      // Who was there when it fell asleep is no longer; what its owner has said holds still.
      !host.ownerObstacles.some(({ code }) => code === "paused" || code === "outside_hours"),
  )
  if (sleeping.length === 0) return []
  const leases = [...snapshot.leases]
  const pass = new Pass({ hosts: sleeping, leases })
  let awake: Pass | undefined
  const woken = new Map<HostId, HostToWake>()
  let looks = 0
  for (const job of eachTask(snapshot.waiting)) {
    if (++looks > LOOKED_AT) break
    if (job.notBeforeMs !== null && job.notBeforeMs > nowMs) continue
    const wanted = job.hosts ?? 1
    if (wanted > 1) awake ??= new Pass({ hosts: hosts.filter(takesJobs), leases })
    const there = wanted > 1 ? roomsFor(awake!, job, wanted) : []
    const rooms = roomsFor(pass, job, wanted - there.length)
    if (rooms.length === 0 || there.length + rooms.length < wanted) continue
    for (const room of [...there, ...rooms]) take(room, job)
    for (const { host } of rooms) if (!woken.has(host.id)) woken.set(host.id, { host: host.id, job: job.id })
  }
  return [...woken.values()]
}

/** The first of its rank, so many at most. */
function roomsFor(pass: Pass, job: WaitingJob, most: number): HostRoom[] {
  const found: HostRoom[] = []
  for (const room of pass.queueOf(job).rooms) {
    if (found.length >= most) break
    const { host, free, leases } = room
    if (!couldRunOn(job, host) || leases.some((lease) => mustStayApart(job, lease))) continue
    if (fits(needOn(job.resources, host.total), free)) found.push(room)
  }
  return found
}

function take(room: HostRoom, job: WaitingJob): void {
  const { host, leases } = room
  const resources = needOn(job.resources, host.total)
  room.free = subtractResources(room.free, resources)
  const { user, hasSecrets } = job
  leases.push({ job: job.id, host: host.id, resources, user, hasSecrets, expectedEndMs: null })
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
