import type { HostId, JobId } from "../../protocol/ids.ts"
import { needOn, type Resources } from "../../protocol/resources.ts"
import { Grid } from "../calendar/grid.ts"
import { endOf, totalOf } from "./attempt-room.ts"
import { orderBeforeAll } from "./other-turns.ts"
import type { QueueEntry, QueuePlan } from "./queue-plan.ts"
import type { QueueHost, QueueJob, QueueScene } from "./queue-scene.ts"

/** Who is on a host, or will be: in whole steps of the planner's grid, the last one not included. */
export interface Occupant {
  readonly job: JobId
  readonly user: string
  readonly hasSecrets: boolean
  readonly resources: Resources
  readonly alone: boolean
  readonly firstStep: number
  readonly endStep: number
  /** It is only planned. */
  readonly planned: boolean
  readonly endMs: number | null
  /** It was kept no longer for those with a higher order: its job had another place by then. */
  readonly untilOrder?: number
  /** It was kept before all turns; its job's own turn was then. */
  readonly ownTurn?: number
  /** Others were asked before to make this room for it. */
  readonly isMade?: true
  /** It is preempted for the one with this order; where it is suspended its memory stays. */
  readonly leaving?: Leaving
}

interface Leaving {
  readonly order: number
  readonly isSuspended: boolean
}

/** Before all that is planned; and before what owners find on their own Macs, which has orders from 0 on. */
const [RUNS, FIRST] = [-1, -0.5]

/** Orders entries by when they were decided. Those go before all for whom room was made, then owners on their own Macs, in the order of the queue. */
export function turnOf({ ownersFirst, madeFirst, place, decision }: QueueEntry): number {
  if (place === null) return Number.POSITIVE_INFINITY
  if (madeFirst) return orderBeforeAll(decision) + FIRST
  return ownersFirst ? orderBeforeAll(decision) : decision
}

/**
 * Who holds each host as a job finds it at its turn: what runs, what starts now and what is reserved for those before it. Made from the plan and
 * not from the planner's own books, so that what is said of hosts does not hang on these.
 */
export class Occupancy {
  readonly grid: Grid
  readonly #scene: QueueScene
  readonly #orders = new Map<QueueEntry, number>()
  readonly #leaving = new Map<string, Leaving>()
  readonly #vacated = new Map<HostId, { readonly order: number; readonly for: JobId }>()
  readonly #byHost = new Map<HostId, { readonly order: number; readonly occupant: Occupant }[]>()

  constructor(scene: QueueScene, plan: QueuePlan) {
    const { nowMs } = plan
    const { windowMs, gridMs } = scene.policy.backfill
    this.#scene = scene
    this.grid = new Grid(nowMs, windowMs, gridMs)
    const add = (host: HostId, order: number, occupant: Occupant) => {
      const known = this.#byHost.get(host) ?? []
      known.push({ order, occupant })
      this.#byHost.set(host, known)
    }
    const hosts = new Map(scene.hosts.map((host) => [host.id, host]))
    // Tasks of one array one after the other.
    for (const entry of plan.entries) this.#orders.set(entry, turnOf(entry))
    for (const entry of plan.entries) {
      for (const { job, task, hosts, mode } of entry.preempts) {
        this.#leaving.set(`${job} ${task}`, { isSuspended: mode === "suspend", order: this.#orders.get(entry)! })
        for (const host of hosts) this.#noteVacated(host, entry)
      }
      this.#noteLeaving(entry)
    }
    for (const one of scene.running) {
      const { job, user, hasSecrets, resources, alone } = one
      const endMs = one.leavesMs ?? (one.limitMs === null ? null : one.startedMs + one.limitMs)
      const span = this.stepsOf(nowMs, endOf(one, nowMs))
      const occupant = { job, user, hasSecrets, resources, alone: alone || hasSecrets, planned: false, endMs, ...span }
      const leaving = this.#leaving.get(`${job} ${one.task}`)
      for (const host of one.hosts) add(host, RUNS, leaving === undefined ? occupant : { ...occupant, leaving })
    }
    const jobs = new Map(scene.waiting.map((job) => [job.id, job]))
    const plannedOn = (
      { id, user, hasSecrets, resources, alone }: QueueJob,
      host: HostId,
      fromMs: number,
      toMs: number,
    ) => ({
      job: id,
      user,
      hasSecrets,
      resources: needOn(resources, hosts.get(host)!.total),
      alone: alone || hasSecrets,
      planned: true,
      endMs: toMs === Number.POSITIVE_INFINITY ? null : toMs,
      ...this.stepsOf(fromMs, toMs),
    })
    for (const entry of plan.entries) {
      const job = jobs.get(entry.job)
      if (job === undefined || entry.state === "waits") continue
      const planned = entry.state === "reserved"
      for (const host of entry.hosts) {
        const occupant = plannedOn(job, host, entry.startMs!, entry.endMs ?? Number.POSITIVE_INFINITY)
        const ownTurn = isKeptFirst(entry) ? { ownTurn: entry.decision } : {}
        const isMade = entry.madeFirst ? { isMade: true as const } : {}
        add(host, this.#orders.get(entry)!, { ...occupant, planned, ...ownTurn, ...isMade })
      }
    }
    for (const [id, { keptMeanwhile }] of plan.otherTurns) {
      for (const { order, untilOrder, limitMs, room } of keptMeanwhile) {
        if (room === null) continue
        for (const place of room.places) {
          const host = scene.hosts[place]!.id
          const occupant = plannedOn(jobs.get(id)!, host, room.startMs, room.startMs + limitMs)
          add(host, order, { ...occupant, untilOrder })
        }
      }
    }
  }

  /** Of several for whom some leave the host the first is in the way of all others. */
  #noteVacated(host: HostId, entry: QueueEntry): void {
    const order = this.#orders.get(entry)!
    const known = this.#vacated.get(host)
    if (known === undefined || order < known.order) this.#vacated.set(host, { order, for: entry.job })
  }

  /** Those who were on their way out for it before, where it gets their place at its turn. Before all turns they are there for all others as long as they are. */
  #noteLeaving(entry: QueueEntry): void {
    const { job, reason, madeFirst } = entry
    if (reason?.code !== "preempting" || madeFirst) return
    const order = this.#orders.get(entry)!
    for (const one of this.#scene.running) {
      if (one.leavesMs === null || one.leavesFor !== job || !reason.jobs.includes(one.job)) continue
      this.#leaving.set(`${one.job} ${one.task}`, { isSuspended: false, order })
      for (const host of one.hosts) this.#noteVacated(host, entry)
    }
  }

  stepsOf(fromMs: number, toMs: number): { readonly firstStep: number; readonly endStep: number } {
    const firstStep = this.grid.stepOf(fromMs)
    return { firstStep, endStep: Math.max(firstStep + 1, this.grid.stepAfter(toMs)) }
  }

  /** When its turn was among all that was decided. */
  orderOf(entry: QueueEntry): number {
    // What was kept first is told at the job's own turn, with all that was there by then.
    return isKeptFirst(entry) ? entry.decision : (this.#orders.get(entry) ?? Number.POSITIVE_INFINITY)
  }

  /** Who is on the host as the job with this order finds it. */
  on(host: QueueHost, order: number, job: JobId): readonly Occupant[] {
    const all = this.#byHost.get(host.id) ?? []
    /** By its order, what a preemptor takes on the host of the leases of those who are suspended for it. */
    const takes = new Map<number, Resources>()
    return all
      .filter(({ occupant, ...one }) => {
        const from = occupant.job === job ? (occupant.ownTurn ?? one.order) : one.order
        return from < order && order <= (occupant.untilOrder ?? Number.POSITIVE_INFINITY)
      })
      .flatMap(({ occupant }) => {
        const { leaving } = occupant
        // Whoever comes before the preemptor, or is it, finds it there as ever.
        if (leaving === undefined || leaving.order >= order) return occupant
        if (!leaving.isSuspended) return []
        const preemptor = all.find((one) => one.order === leaving.order)?.occupant
        return preemptor === undefined ? occupant : suspendedParts(host, occupant, preemptor, leaving.order, takes)
      })
  }

  /** For whom others leave the host, as the job with this order finds it. */
  vacatedFor(host: QueueHost, order: number): JobId | null {
    const vacated = this.#vacated.get(host.id)
    return vacated === undefined || vacated.order >= order ? null : vacated.for
  }

  /** What is free on a host beside these. */
  freeBeside(host: QueueHost, occupants: readonly Occupant[]): Resources {
    let { memoryBytes, gpus, cores } = totalOf(host)
    for (const { resources } of occupants) {
      memoryBytes -= resources.memoryBytes
      gpus -= resources.gpus
      cores -= resources.cores
    }
    return { memoryBytes, gpus, cores }
  }

  get scene(): QueueScene {
    return this.#scene
  }
}

/** Who is suspended: beside the other one, with what that leaves of its lease, and as it goes on then, with all of it. */
function suspendedParts(
  host: QueueHost,
  occupant: Occupant,
  preemptor: Occupant,
  order: number,
  takes: Map<number, Resources>,
): readonly Occupant[] {
  const { memoryBytes } = occupant.resources
  const held = occupant.alone ? totalOf(host) : occupant.resources
  const asked = takes.get(order) ?? (preemptor.alone ? totalOf(host) : preemptor.resources)
  const [gpus, cores] = [Math.min(held.gpus, asked.gpus), Math.min(held.cores, asked.cores)]
  takes.set(order, { ...asked, gpus: asked.gpus - gpus, cores: asked.cores - cores })
  const beside = occupant.alone ? Math.max(memoryBytes, held.memoryBytes - asked.memoryBytes) : memoryBytes
  const left = { memoryBytes: beside, gpus: held.gpus - gpus, cores: held.cores - cores }
  const { endStep } = preemptor
  return [
    { ...occupant, alone: false, resources: left, endStep },
    { ...occupant, firstStep: endStep, endStep: endStep + occupant.endStep - occupant.firstStep },
  ]
}

/** Whether it has a time on its sender's own hosts that was kept before all turns, and nobody leaves these for it. */
export function isKeptFirst({ ownersFirst, state, preempts, reason }: QueueEntry): boolean {
  return ownersFirst && state === "reserved" && preempts.length === 0 && reason?.code !== "preempting"
}
