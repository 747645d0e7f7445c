import type { JobId } from "../../protocol/ids.ts"
import type { Amounts } from "../limits/limits.ts"
import { ageFactor, amountFactor, type PoolSize, sizeFactor } from "../priority/factors.ts"
import { keepHigher, type Priority, type PriorityFactors, priorityNumber, priorityOf } from "../priority/priority.ts"
import { placeAfter, putInOrder, type Queued, queueOrder } from "../priority/queue-order.ts"
import type { Asking } from "./asking.ts"
import { amountsOf } from "./limit-book.ts"
import type { QueueJob, QueueScene } from "./queue-scene.ts"
import { inShortLane } from "./short-lane.ts"
import type { Standing, Standings } from "./standings.ts"

/** A job in one of its partitions: what stands in the queue. */
export interface Line extends Queued {
  readonly spec: QueueJob
  readonly standing: Standing
  readonly asking: Asking
  /** Of `spec`. */
  readonly id: JobId
  /** Its own limit, or its partition's; Infinity for none. */
  readonly limitMs: number
}

const NO_FACTORS = {}
/** For so many jobs it is faster to look where each stands than to look at all. */
const FEW = 8

/** Makes the lines of jobs and puts them in order. */
export class Lines {
  readonly #scene: QueueScene
  readonly #nowMs: number
  readonly #standings: Standings
  readonly #pool: PoolSize
  readonly #resourceNames: readonly string[]
  readonly #partitionAmounts = new Map<string, Amounts>()
  readonly #fairShares = new Map<Standing, number>()

  constructor(scene: QueueScene, standings: Standings, nowMs: number) {
    this.#scene = scene
    this.#nowMs = nowMs
    this.#standings = standings
    this.#pool = {
      hosts: scene.hosts.length,
      cores: scene.hosts.reduce((sum, { total }) => sum + total.cores, 0),
    }
    this.#resourceNames = Object.keys(scene.policy.priority.weights.resources).sort()
  }

  /** In queue order. */
  inOrder(jobs: readonly QueueJob[]): Line[] {
    const lines = this.of(jobs)
    const inLane = inShortLane(this.#scene, lines)
    return this.sorted(
      inLane.size === 0 ? lines : lines.map((line) => (inLane.has(line) ? { ...line, tier: line.tier + 0.5 } : line)),
    )
  }

  of(jobs: readonly QueueJob[]): Line[] {
    const lines: Line[] = []
    for (const job of jobs) for (const partition of job.partitions) lines.push(this.lineOf(job, partition))
    return lines
  }

  /** In queue order, as they are. */
  sorted(lines: readonly Line[]): Line[] {
    const { policy } = this.#scene
    if (policy.preemption.by !== "qos") return queueOrder(lines)
    const preempts = new Set(policy.qos.flatMap((one) => one.preempts.map((other) => `${one.name}\n${other}`)))
    return queueOrder(lines, (a, b) => preempts.has(`${a}\n${b}`))
  }

  /** In queue order without what stands there of some jobs. */
  without(ordered: readonly Line[], jobs: ReadonlySet<QueueJob>): readonly Line[] {
    if (jobs.size === 0) return ordered
    const places = jobs.size > FEW ? null : this.#placesOf(ordered, jobs)
    if (places === null) return ordered.filter(({ spec }) => !jobs.has(spec))
    const rest = [...ordered]
    for (const at of places) rest.splice(at, 1)
    return rest
  }

  /** Where all their lines stand, the last first; `null` where they are not found by what they are. */
  #placesOf(ordered: readonly Line[], jobs: ReadonlySet<QueueJob>): readonly number[] | null {
    if (this.#scene.policy.preemption.by === "qos") return null
    const places = new Set<number>()
    let lines = 0
    for (const job of jobs) {
      lines += job.partitions.length
      for (const partition of job.partitions)
        for (let at = placeAfter(this.lineOf(job, partition), ordered) - 1; ordered[at]?.spec === job; at--)
          places.add(at)
    }
    return places.size === lines ? [...places].sort((a, b) => b - a) : null
  }

  /** In queue order, of which most are so already. @param ordered as they are in it */
  withMore(ordered: readonly Line[], more: readonly Line[]): readonly Line[] {
    if (this.#scene.policy.preemption.by === "qos") return this.sorted([...ordered, ...more])
    return more.length === 0 ? ordered : putInOrder(ordered, more)
  }

  lineOf(job: QueueJob, partition: string): Line {
    const standing = this.#standings.of(job.account, job.user, partition, job.qos)
    const { weights } = this.#scene.policy.priority
    const limitMs =
      job.limitMs ?? standing.partition.defaultTimeMs ?? standing.partition.longestTimeMs ?? Number.POSITIVE_INFINITY
    const factors = this.#factorsOf(job, standing, limitMs)
    return {
      spec: job,
      standing,
      asking: this.#standings.askings.of(standing, job, limitMs),
      id: job.id,
      limitMs,
      ...numbersOf(job),
      expedited: job.expedited,
      reserved: job.booking !== null,
      tier: standing.partition.tier,
      priority: this.#kept(job, priorityNumber(factors, weights, this.#resourceNames, byHandOf(job))),
      submittedMs: job.submittedMs,
      preemptClass: job.qos,
    }
  }

  /** The sum that a line's priority is. */
  tableOf({ spec, standing, limitMs }: Line): Priority {
    const { weights } = this.#scene.policy.priority
    const now = priorityOf(this.#factorsOf(spec, standing, limitMs), weights, byHandOf(spec))
    const priority = this.#kept(spec, now.priority)
    if (priority === now.priority) return now
    return {
      priority,
      rows: [...now.rows, { factor: "kept", value: null, weight: null, points: priority - now.priority }],
    }
  }

  /** What was set by hand is so. */
  #kept(job: QueueJob, now: number): number {
    const { neverFalls } = this.#scene.policy.priority
    return neverFalls && job.reached !== undefined && byHandOf(job) === null ? keepHigher(job.reached, now) : now
  }

  #factorsOf(job: QueueJob, standing: Standing, limitMs: number): PriorityFactors {
    const { policy } = this.#scene
    const { maxAgeMs, size, raw } = policy.priority
    const weighsResources = this.#resourceNames.length > 0
    const resources: Record<string, number> = weighsResources ? {} : NO_FACTORS
    if (weighsResources) {
      const asked = amountsOf(job.resources, job.hosts, job.pieces)
      const has = this.#amountsOfPartition(standing.partition.name)
      for (const name of this.#resourceNames) {
        resources[name] = amountFactor(asked[name] ?? 0, has[name] ?? 0, raw.includes("resources"))
      }
    }
    const accrues = job.hold === null || policy.priority.accruesAlways
    return {
      age: accrues ? ageFactor(job.accruesSinceMs, this.#nowMs, maxAgeMs) : 0,
      association: standing.association,
      fairShare: this.#fairShareOf(standing),
      size: sizeFactor(
        { hosts: job.hosts, cores: job.resources.cores * job.hosts, timeLimitMinutes: limitMs / 60_000 },
        this.#pool,
        size,
      ),
      partition: standing.partitionFactor,
      qos: standing.qosFactor,
      resources,
      site: job.site,
      nice: job.nice,
    }
  }

  #fairShareOf(standing: Standing): number {
    let factor = this.#fairShares.get(standing)
    if (factor === undefined) {
      factor = this.#scene.fairShares.get(`${standing.account}/${standing.user}`) ?? 1
      this.#fairShares.set(standing, factor)
    }
    return factor
  }

  #amountsOfPartition(partition: string): Amounts {
    let amounts = this.#partitionAmounts.get(partition)
    if (amounts === undefined) {
      const sum: Record<string, number> = {}
      for (const { total, partitions } of this.#scene.hosts) {
        if (!partitions.includes(partition)) continue
        for (const [name, amount] of Object.entries(amountsOf(total, 1, {}))) sum[name] = (sum[name] ?? 0) + amount
      }
      for (const [name, count] of Object.entries(this.#scene.pieces)) sum[`license/${name}`] = count
      amounts = sum
      this.#partitionAmounts.set(partition, amounts)
    }
    return amounts
  }
}

/** A task that waits by itself, having a number of its own, stands where its array does. */
function numbersOf({ id, array }: QueueJob): Pick<Line, "job" | "task"> {
  const of = array?.of ?? id
  return { job: of, task: array === null || of === id ? null : (array.tasks.runs[0]?.first ?? null) }
}

function byHandOf({ hold, priority }: QueueJob): number | "held" | null {
  return hold !== null || priority === 0 ? "held" : priority
}
