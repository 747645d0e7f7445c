import { invariant } from "../../base/invariant.ts"
import type { JobId } from "../../protocol/ids.ts"
import type { JobSpec } from "../../protocol/job.ts"
import type { JobState, Verdict } from "../../protocol/job-state.ts"
import { UNRUN_CAUSES, type UnrunCause } from "../../store/array-record.ts"
import { type JobRecord, untriedJob } from "../../store/job-record.ts"
import { NO_OUTPUTS } from "../jobs/close-attempt.ts"

/** How a task has ended that never ran. */
export const UNRUN_STATES: Readonly<Record<UnrunCause, Exclude<Verdict["state"], "succeeded">>> = {
  cancelled: "cancelled",
  dependency_failed: "failed",
  deadline: "timed_out",
}

/** The number that an array keeps for one of its tasks; `undefined` where it has no such task. */
export function taskIdOf({ id, array }: JobRecord, index: number): JobId | undefined {
  const rank = array?.all.rankOf(index)
  return rank === undefined ? undefined : ((id + 1 + rank) as JobId)
}

/** The record of a task as it begins: queued, and nothing tried. What was said of its array holds for it. */
export function newTask(array: JobRecord, index: number): JobRecord {
  const id = taskIdOf(array, index)
  invariant(id !== undefined, `array ${array.id} has no task ${index}`)
  const { hold: _, ...standing } = array.standing ?? {}
  return {
    ...untriedJob({ id, user: array.user, spec: taskSpec(array.spec), submittedAt: array.submittedAt }),
    ...(Object.keys(standing).length === 0 ? {} : { standing }),
    ...(array.learned === undefined ? {} : { learned: array.learned }),
    task: { array: array.id, index },
  }
}

/**
 * How a task stands that has no record: for people to look at, not to be stored. `undefined` where the number is of none of the array's tasks,
 * or of one that has a record.
 */
export function unbegunTask(job: JobRecord, id: JobId): JobRecord | undefined {
  const { array } = job
  const index = array?.all.at(id - job.id - 1)
  if (array === undefined || index === undefined) return undefined
  const task = newTask(job, index)
  for (const cause of UNRUN_CAUSES) {
    if (!array.unrun[cause].has(index)) continue
    const state = UNRUN_STATES[cause]
    const verdict: Verdict = { state, cause, exitCode: null, signal: null }
    const reason = array.unrunReasons.find(({ of }) => of.has(index))?.reason.replaceAll("_*", `_${index}`)
    return { ...task, state, verdict, cause, reason: reason ?? job.reason, endedAt: job.endedAt, outputs: NO_OUTPUTS }
  }
  const held = (state: JobState, reason: string | null) => ({ ...task, state, reason })
  if (array.held.user.has(index)) return held("held", "held by its user")
  if (array.held.admin.has(index)) return held("held", "held by an administrator")
  if (array.blocked.has(index)) return held("held", "waits for the task of the same index that it comes after")
  return array.waiting.has(index) ? held(job.state === "held" ? "held" : "queued", job.reason) : undefined
}

/** One object for all tasks of an array. */
function taskSpec(spec: JobSpec): JobSpec {
  let shared = shares.get(spec)
  if (shared === undefined) {
    const { array: _, ...rest } = spec
    shared = rest
    shares.set(spec, shared)
  }
  return shared
}

const shares = new WeakMap<JobSpec, JobSpec>()
