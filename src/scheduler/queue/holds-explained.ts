import type { HostId, JobId } from "../../protocol/ids.ts"
import { needOn, type Resources } from "../../protocol/resources.ts"
import { opensAt } from "../calendar/plan-request.ts"
import { type Occupant as InOutlook, Outlook, STEPS_PER_PASS } from "../outlook.ts"
import { totalOf } from "./attempt-room.ts"
import { HostTimes } from "./host-times.ts"
import type { Lines } from "./line.ts"
import type { Occupancy, Occupant } from "./occupancy.ts"
import type { QueuePlan } from "./queue-plan.ts"
import type { QueueHost, QueueJob, QueueScene } from "./queue-scene.ts"

interface Holder extends InOutlook {
  readonly job: JobId
  readonly order: number
  readonly untilOrder: number
  readonly fromMs: number
  readonly isFirm: boolean
}

/**
 * For whom places are held without a time, host by host (calendar/held-places.ts has the rule); made from the plan and not from the planner's own books.
 */
export class HoldsExplained {
  readonly #occupancy: Occupancy
  readonly #byHost = new Map<HostId, Holder[]>()

  constructor(scene: QueueScene, plan: QueuePlan, lines: Lines, occupancy: Occupancy) {
    this.#occupancy = occupancy
    const jobs = new Map(scene.waiting.map((job) => [job.id, job]))
    const times = new HostTimes(scene, plan.nowMs)
    const places = new Map(scene.hosts.map(({ id }, place) => [id, place]))
    const planned = new Map<JobId, number>()
    const apart = new Map<JobId, number>()
    for (const { job, task, state } of plan.entries) {
      const counts = state === "waits" ? apart : planned
      if (task !== null) counts.set(job, (counts.get(job) ?? 0) + 1)
    }
    const add = (job: QueueJob, holds: readonly HostId[], limitMs: number, order: number, untilOrder: number) => {
      const { closed } = times.closedTo(job)
      const isFirm = job.hosts > 1 || Object.keys(job.pieces).length > 0
      for (const id of holds) {
        const place = places.get(id)!
        const fromMs = opensAt(closed[place] ?? [], plan.nowMs, limitMs)
        const need = wholeNeedOn(job, scene.hosts[place]!)
        const count = countOf(job, planned.get(job.id) ?? 0, apart.get(job.id) ?? 0)
        const known = this.#byHost.get(id)
        const holder = { job: job.id, order, untilOrder, need, count, fromMs, isFirm }
        if (known === undefined) this.#byHost.set(id, [holder])
        else known.push(holder)
      }
    }
    for (const entry of plan.entries) {
      if (entry.holds.length === 0) continue
      const job = jobs.get(entry.job)!
      const { limitMs } = lines.lineOf(job, entry.partition)
      add(job, entry.holds, limitMs, occupancy.orderOf(entry), Number.POSITIVE_INFINITY)
    }
    for (const [id, { keptMeanwhile }] of plan.otherTurns) {
      for (const { holds, limitMs, order, untilOrder } of keptMeanwhile)
        if (holds.length > 0) add(jobs.get(id)!, holds, limitMs, order, untilOrder)
    }
  }

  /** Who holds a place on the host in whose way the job could be, were it there beside these. */
  inTheWay(job: QueueJob, host: QueueHost, order: number, there: readonly Occupant[], limitMs: number): JobId[] {
    const { grid } = this.#occupancy
    const endMs = grid.nowMs + limitMs
    const isLong = endMs >= grid.endMs || there.some(({ endStep }) => endStep === Number.POSITIVE_INFINITY)
    const concerned = (this.#byHost.get(host.id) ?? []).filter(
      (one) =>
        one.order < order &&
        order <= one.untilOrder &&
        one.job !== job.id &&
        one.fromMs < endMs &&
        (isLong || one.isFirm),
    )
    if (concerned.length === 0) return []
    const total = totalOf(host)
    const need = wholeNeedOn(job, host)
    const others = there.map((one) => ({ need: one.alone ? total : one.resources, count: 1 }))
    const isFine = (holders: readonly Holder[]) =>
      new Outlook([...holders, ...others], total).alwaysFits(need, { steps: STEPS_PER_PASS })
    if (isFine(concerned)) return []
    const single = concerned.filter((one) => !isFine([one]))
    return (single.length > 0 ? single : concerned).map((one) => one.job)
  }
}

/** What it takes of the host where it shares that with nobody: all. */
function wholeNeedOn({ alone, hasSecrets, resources }: QueueJob, host: QueueHost): Resources {
  return alone || hasSecrets ? totalOf(host) : needOn(resources, totalOf(host))
}

/** How many of its tasks could come to run at once beside those that are planned, without those that do not stand in the queue. */
function countOf({ array }: QueueJob, planned: number, apart: number): number {
  if (array === null) return 1
  const atOnce = array.tasks.atOnce ?? Number.POSITIVE_INFINITY
  return Math.min(array.tasks.count - planned - apart, atOnce - array.running - planned)
}
