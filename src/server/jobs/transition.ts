import { invariant } from "../../base/invariant.ts"
import { type Cause, isFinal, type JobState, mayBecome } from "../../protocol/job-state.ts"
import type { JobRecord } from "../../store/job-record.ts"
import { noteTask } from "../arrays/note-task.ts"
import type { Core } from "../core.ts"
import { noteTransition } from "../notify/note.ts"

export interface TransitionOptions {
  readonly cause?: Cause | null
  /** One sentence for people on why it is so. */
  readonly reason?: string | null
  readonly actor?: string
  /** For `queued`: when it may be tried again at the earliest, milliseconds since 1970. */
  readonly notBeforeMs?: number | null
}

/**
 * Changes a job's state: the only place that does. The new state, its event and what hangs on it (queue, name, times)
 * change together, within a change of the ledger.
 */
export function transition(core: Core, job: JobRecord, to: JobState, options: TransitionOptions = {}): void {
  const { cause = null, reason = null, actor, notBeforeMs = null } = options
  const from = job.state
  invariant(mayBecome(from, to), `job ${job.id} would go from ${from} to ${to}`)
  const now = core.clock.now()
  job.state = to
  job.reason = reason
  if (cause !== null) job.cause = cause
  if (from === "queued") {
    core.table.dequeue(job)
    // It was in the way of others, or they had made room for it.
    if (to !== "starting") core.wakePlanner()
  }
  if (to === "queued") {
    core.table.enqueue(job, notBeforeMs)
    core.wakePlanner()
  }
  if (to === "running") job.startedAt ??= now
  for (const { name } of job.spec.data) core.store.dataUses.put(name, now)
  if (isFinal(to)) {
    // The clock may have been set back since: nothing ends before it began.
    job.endedAt = Math.max(now, job.startedAt ?? job.submittedAt)
    core.table.freeName(job)
    core.table.letGo(job)
  }
  if (core.table.gates.note(job)) core.wakePlanner()
  core.ledger.jobChanged(job)
  core.ledger.event({ type: "job_state", job: job.id, from, to, cause, reason }, actor)
  noteTransition(core, job, from, actor)
  if (job.task !== undefined) noteTask(core, job, from)
}
