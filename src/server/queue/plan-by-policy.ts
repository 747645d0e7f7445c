import type { JobId } from "../../protocol/ids.ts"
import { needOn } from "../../protocol/resources.ts"
import type { Policy } from "../../scheduler/policy/policy.ts"
import { KeptOrder } from "../../scheduler/queue/kept-order.ts"
import { LikeHosts } from "../../scheduler/queue/like-hosts.ts"
import { startsOf } from "../../scheduler/queue/next-start.ts"
import { planQueue } from "../../scheduler/queue/plan-queue.ts"
import type { QueueEntry } from "../../scheduler/queue/queue-plan.ts"
import type { QueueScene } from "../../scheduler/queue/queue-scene.ts"
import type { JobRecord } from "../../store/job-record.ts"
import { beginTask } from "../arrays/begin-task.ts"
import type { Core } from "../core.ts"
import { membersPlaced } from "../gang/pinned-places.ts"
import { placeOn } from "../jobs/place.ts"
import { policyHolds } from "../policy/pool-policy.ts"
import { KeptJobs } from "./kept-jobs.ts"
import { awaitedBy, preempt } from "./preempt.ts"
import { noteReached } from "./reached.ts"
import { forgetRoomAsked } from "./room-asked.ts"
import { sceneOf, waitingJob } from "./scene.ts"
import { setStanding, timeLimitOf } from "./standing.ts"
import { letGoOn, noteRunner } from "./stop-for.ts"
import { effectiveLimitOf } from "./who-of.ts"

/**
 * Plans the queue as policy has it, starts what is to start and asks those to leave that are in the way. Within the change whose state it
 * plans for, so that no start is of a state that has passed.
 */
export class PlanByPolicy {
  readonly #core: Core
  readonly #jobs: KeptJobs
  readonly #order = new KeptOrder()

  constructor(core: Core) {
    this.#core = core
    this.#jobs = new KeptJobs(core)
  }

  /** The whole plan. Returns when to plan again although nothing changes, or `null`. */
  planAll(policy: Policy): number | null {
    const now = this.#core.clock.now()
    const scene = this.#sceneOf(policy, now)
    const { entries, nextWakeMs } = planQueue(scene, now, { untried: true })
    const carryOut = this.#carrier(scene)
    for (const entry of entries) carryOut(entry)
    this.#setPlaces(() => entries.flatMap(({ job, place }) => (place === null ? [] : job)))
    noteReached(this.#core, policy, entries)
    const againMs = letGoOn(this.#core, awaitedBy(this.#core), true)
    return nextWakeMs === null || againMs === null ? (nextWakeMs ?? againMs) : Math.min(nextWakeMs, againMs)
  }

  /**
   * Only what starts now, by priorities that are half a minute old at most: what {@link planAll} would start by the same ones, in the order of the
   * queue.
   * @param goesOn asked now and then whether there is time for more
   * @returns whether all was found
   */
  planStarts(policy: Policy, goesOn: () => boolean): boolean {
    const now = this.#core.clock.now()
    const scene = this.#sceneOf(policy, now)
    const order = this.#order.orderOf(scene, now)
    const carryOut = this.#carrier(scene)
    const starts = startsOf(scene, order, now, null, goesOn)
    let next = starts.next()
    for (; next.done !== true; next = starts.next()) carryOut(next.value)
    this.#setPlaces(() => order.lines.map(({ spec }) => spec.id))
    letGoOn(this.#core, awaitedBy(this.#core), next.value)
    return next.value
  }

  #sceneOf(policy: Policy, nowMs: number): QueueScene {
    return sceneOf(this.#core, policy, nowMs, this.#jobs.all(policy))
  }

  /** @param inOrder jobs, perhaps with some that have started, perhaps some of them more than once */
  #setPlaces(inOrder: () => readonly JobId[]): void {
    const { table } = this.#core
    table.places.setPlanned(() => {
      const places = new Map<JobId, number>()
      for (const job of inOrder()) {
        if (!places.has(job) && table.waitingJob(job) !== undefined) places.set(job, places.size + 1)
      }
      return places
    })
  }

  /** To be called for each entry of a plan in its order. */
  #carrier(scene: QueueScene): (entry: QueueEntry) => void {
    const awaited = awaitedBy(this.#core)
    const likeHosts = new LikeHosts(scene)
    return (entry) => {
      if (entry.preempts.length > 0) {
        // Who waits for some to leave takes no more.
        if (!awaited.has(entry.job)) preempt(this.#core, entry)
      } else if (entry.state === "start") this.#start(scene, entry, likeHosts)
    }
  }

  #start(scene: QueueScene, entry: QueueEntry, likeHosts: LikeHosts): void {
    const core = this.#core
    const record = core.table.live(entry.job)
    const waiting = core.table.waitingJob(entry.job)
    if (record === undefined || waiting === undefined || record.state !== "queued") return
    const asked = waitingJob(scene.policy, record, waiting)
    const places = likeHosts.hostsFor(asked, entry.hosts)
    const hosts = places.flatMap((place) => scene.hosts.find(({ id }) => id === place) ?? [])
    if (hosts.length < asked.hosts) return
    const placements = membersPlaced(
      core,
      record,
      hosts.map(({ id, total }) => ({ host: id, resources: needOn(asked.resources, total) })),
    )
    if (placements === null) return
    const { array } = record
    if (array !== undefined && (entry.task === null || !array.waiting.has(entry.task))) return
    forgetRoomAsked(core, record, entry.hosts)
    const job = array === undefined || entry.task === null ? record : beginTask(core, record, entry.task)
    // Without a policy it is planned as by one for those on several hosts alone: nobody runs under one then.
    if (policyHolds(core)) this.#setRanAs(scene, entry, job, asked.account)
    placeOn(core, job, placements)
    for (const { host } of placements) noteRunner(core, job, host)
  }

  #setRanAs(scene: QueueScene, entry: QueueEntry, job: JobRecord, account: string): void {
    const core = this.#core
    const limitMs = effectiveLimitOf(scene.policy, job, entry.partition)
    setStanding(core, job, {
      ranAs: { account, partition: entry.partition, qos: entry.qos },
      leaving: undefined,
      stoppedFor: undefined,
      // What its partition limits it to holds for it, too: others' times rest on that.
      ...(limitMs === timeLimitOf(job) ? {} : { timeLimitMs: limitMs }),
    })
  }
}
