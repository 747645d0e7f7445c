import type { Policy } from "../../scheduler/policy/policy.ts"
import type { QueueEntry } from "../../scheduler/queue/queue-plan.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import { setStanding } from "./standing.ts"

/** The highest priority of each job that waits, as far as this run of the server has seen. */
const REACHED = new WeakMap<JobRecord, number>()

/** The highest priority that the job had while it waited; `undefined`: it was not planned yet. */
export function reachedBy(job: JobRecord): number | undefined {
  const [seen, stored] = [REACHED.get(job), job.standing?.reached]
  return seen === undefined || stored === undefined ? (seen ?? stored) : Math.max(seen, stored)
}

/**
 * Remembers the priorities of a plan where by policy they never fall. They are stored once they rise no more, so that a long queue is not written
 * at each pass: after a restart a job has what it reached before, or what its factors give now, which is as much. Within a change.
 */
export function noteReached(core: Core, policy: Policy, entries: readonly QueueEntry[]): void {
  for (const { job, before, priority } of waitingWithPriorities(core, policy, entries)) {
    if (before === undefined || priority > before) REACHED.set(job, priority)
    else if (job.standing?.reached !== before) setStanding(core, job, { reached: before })
  }
}

/** The same for the last plan by a policy: what the factors of the next one give may be less, so all is stored. Within a change. */
export function keepReached(core: Core, policy: Policy, entries: readonly QueueEntry[]): void {
  for (const { job, before, priority } of waitingWithPriorities(core, policy, entries)) {
    const reached = Math.max(before ?? 0, priority)
    if (job.standing?.reached !== reached) setStanding(core, job, { reached })
  }
}

function* waitingWithPriorities(core: Core, { priority: { neverFalls } }: Policy, entries: readonly QueueEntry[]) {
  if (!neverFalls) return
  for (const { job: id, place, priority } of entries) {
    const job = core.table.live(id)
    if (job === undefined || place === null || (job.standing?.priority ?? null) !== null) continue
    yield { job, before: reachedBy(job), priority }
  }
}

/** Its user, or an administrator, wants it to be what its factors give. Within a change. */
export function forgetReached(core: Core, job: JobRecord): void {
  REACHED.delete(job)
  if (job.standing?.reached !== undefined) setStanding(core, job, { reached: undefined })
}
