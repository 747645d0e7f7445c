import { fits, needOn } from "../../protocol/resources.ts"
import { limitBefore } from "../bookings/kept-text.ts"
import { Grid } from "../calendar/grid.ts"
import { takesJobs } from "../obstacle.ts"
import { endOf } from "./attempt-room.ts"
import { freeNow } from "./free-now.ts"
import { admits, awayOf } from "./host-times.ts"
import type { QueuePlan } from "./queue-plan.ts"
import type { HostBooking, QueueHost, QueueJob, QueueScene } from "./queue-scene.ts"
import { isWanted } from "./requests.ts"

/**
 * Time limits with which the job, were it to start now, would be over before the next booking of others begins on a host that has room for it now; each
 * once.
 */
export function limitsBefore(scene: QueueScene, job: QueueJob, nowMs: number): readonly number[] {
  return limitsFrom(scene, job, nowMs, (host) => {
    const [free] = freeNow({ hosts: [host], running: scene.running })
    return takesJobs(host) && fits(needOn(job.resources, host.total), free!) ? [nowMs] : []
  })
}

/**
 * The same where there is room only later: were it to start as something ends on a host, or as a host is there again.
 * @param plan of the scene: what is planned before it may end, too
 * @param beforeMs later starts are of no use
 */
export function limitsOnceFree(scene: QueueScene, job: QueueJob, plan: QueuePlan, beforeMs: number): readonly number[] {
  const { nowMs } = plan
  const grid = new Grid(nowMs, scene.policy.backfill.windowMs, scene.policy.backfill.gridMs)
  return limitsFrom(scene, job, nowMs, (host, bookings) => {
    const ends = [
      ...scene.running.filter(({ hosts }) => hosts.includes(host.id)).map((one) => endOf(one, nowMs)),
      ...plan.entries.flatMap((one) => (one.job !== job.id && one.hosts.includes(host.id) ? (one.endMs ?? []) : [])),
      ...bookings.map(({ endMs }) => endMs),
      awayOf(host, nowMs)?.endMs ?? nowMs,
    ]
    // Room is found at steps; and one more is left, as who is ended by its limit has its grace yet.
    const untilMs = Math.min(beforeMs, grid.endMs)
    return ends.filter((endMs) => endMs > nowMs && endMs < untilMs).map((endMs) => grid.msOf(grid.stepAfter(endMs) + 1))
  })
}

function limitsFrom(
  scene: QueueScene,
  job: QueueJob,
  nowMs: number,
  startsOn: (host: QueueHost, others: readonly HostBooking[]) => readonly number[],
): readonly number[] {
  const bookings = scene.bookings.filter((one) => one.endMs > nowMs && !admits(one, job))
  if (bookings.length === 0) return []
  const hosts = scene.hosts.filter(
    (host) => isWanted(job, host) && host.partitions.some((name) => job.partitions.includes(name)),
  )
  const limits = hosts.flatMap((host) => {
    const others = bookings.filter((one) => one.hosts.has(host.id))
    return startsOn(host, others).map((fromMs) => {
      const next = others.flatMap((one) => (one.startMs > fromMs ? one.startMs : []))
      return next.length === 0 ? 0 : limitBefore(Math.min(...next) - fromMs)
    })
  })
  return [...new Set(limits)].filter((limitMs) => limitMs > 0)
}
