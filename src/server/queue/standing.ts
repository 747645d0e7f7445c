import { type JobStanding, NO_QUEUE_REQUEST, type QueueRequest } from "../../protocol/queue-request.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"

type Asked = Pick<JobRecord, "spec" | "standing">

export function queueAskedOf({ spec }: Pick<JobRecord, "spec">): QueueRequest {
  return spec.queue ?? NO_QUEUE_REQUEST
}

/** The time limit of an attempt that begins or runs now, in milliseconds; `null` for none. */
export function timeLimitOf({ spec, standing }: Asked): number | null {
  return standing?.timeLimitMs === undefined ? spec.timeLimitMs : standing.timeLimitMs
}

export function niceOf(job: Asked): number {
  return job.standing?.nice ?? queueAskedOf(job).nice
}

/** Changes what is known of a job's standing; what is `undefined` is forgotten. Within a change. */
export function setStanding(
  core: Core,
  job: JobRecord,
  change: { [K in keyof JobStanding]?: JobStanding[K] | undefined },
): void {
  const next: Record<string, unknown> = { ...job.standing, ...change }
  for (const [key, value] of Object.entries(next)) if (value === undefined) delete next[key]
  if (Object.keys(next).length === 0) delete job.standing
  else job.standing = next as JobStanding
  core.ledger.jobChanged(job)
}
