import type { JobId } from "../../protocol/ids.ts"
import type { NotSuspended, Preemption } from "./queue-plan.ts"
import type { Candidate } from "./victim-order.ts"

/**
 * How a victim goes for a job; nothing where it makes room for that already.
 * @param isSuspended whether it stays beside the job, stopped
 * @param noRoom why not, where policy would have it suspended
 */
export function preemptionOf(
  victim: Candidate,
  job: JobId,
  hosts: Preemption["hosts"],
  isSuspended: boolean,
  noRoom: NotSuspended,
  nowMs: number,
): Preemption | [] {
  const { attempt, mode, graceMs, by, isStopped, isLeaving, notSuspended } = victim
  if (isLeaving || (isStopped && isSuspended)) return []
  const isRequeued = mode === "suspend" && !isSuspended
  return {
    job: attempt.job,
    task: attempt.task,
    hosts,
    mode: isRequeued ? "requeue" : mode,
    // Who is stopped loses nothing, and needs no time to end in.
    graceEndsMs: isSuspended ? nowMs : nowMs + graceMs,
    for: job,
    by,
    notSuspended: isRequeued ? noRoom : notSuspended,
  }
}
