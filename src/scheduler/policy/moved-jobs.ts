import { ageFactor, type PoolSize, rankFactor, sizeFactor } from "../priority/factors.ts"
import { priorityOf } from "../priority/priority.ts"
import { queueOrder } from "../priority/queue-order.ts"
import type { Policy } from "./policy.ts"

/** A waiting job, in what is known of it before shares are reckoned. */
export interface PlacedJob {
  readonly job: number
  readonly partition: string
  readonly cores: number
  readonly timeLimitMs: number | null
  readonly submittedMs: number
}

export interface MovedJob {
  readonly job: number
  /** Places count from 1. */
  readonly from: number
  readonly to: number
}

const YEAR_MINUTES = 365 * 24 * 60

/**
 * Jobs that would stand elsewhere in the queue by a policy. What its users have used is not known here, so shares count for nothing; tier and rank
 * of the partition, age and size do.
 * @param jobs in the order of the queue as it is
 */
export function movedJobs(
  jobs: readonly PlacedJob[],
  policy: Policy,
  pool: PoolSize,
  nowMs: number,
): readonly MovedJob[] {
  const { weights, maxAgeMs, size, raw } = policy.priority
  const highest = Math.max(...policy.partitions.map(({ rank }) => rank))
  const queued = jobs.map((job, at) => {
    const partition = policy.partitions.find(({ name }) => name === job.partition)
    const minutes = job.timeLimitMs === null ? YEAR_MINUTES : job.timeLimitMs / 60_000
    const factors = {
      age: ageFactor(job.submittedMs, nowMs, maxAgeMs),
      association: 0,
      fairShare: 0,
      size: sizeFactor({ hosts: 1, cores: job.cores, timeLimitMinutes: minutes }, pool, size),
      partition: rankFactor(partition?.rank ?? 0, highest, raw.includes("partition")),
      qos: 0,
      resources: {},
      site: 0,
      nice: 0,
    }
    return {
      job: job.job,
      task: null,
      expedited: false,
      reserved: false,
      tier: partition?.tier ?? 0,
      priority: priorityOf(factors, weights).priority,
      submittedMs: job.submittedMs,
      preemptClass: "",
      from: at + 1,
    }
  })
  return queueOrder(queued).flatMap(({ job, from }, at) => (from === at + 1 ? [] : [{ job, from, to: at + 1 }]))
}
