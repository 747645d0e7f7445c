import type { OutputsView } from "../../protocol/job.ts"
import type { Verdict } from "../../protocol/job-state.ts"
import type { AttemptRecord, JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import { isFromAll, outputsOf } from "../gang/member-outputs.ts"
import type { Tried } from "./job-table.ts"
import { transition } from "./transition.ts"

export const NO_OUTPUTS: OutputsView = { state: "none", tree: null, files: 0, bytes: 0 }

/** Whether the attempt still decides what becomes of its job. */
export function isCurrent({ job, attempt }: Tried): boolean {
  return !attempt.fenced && isLatest({ job, attempt }) && attempt.state !== "ended"
}

/** Whether no later attempt of its job was begun. All members of one attempt have its number. */
export function isLatest({ job, attempt }: Tried): boolean {
  return job.attempts.at(-1)?.number === attempt.number
}

/** Whether what the job made may still come from this attempt. */
export function awaitsOutputs(tried: Tried): boolean {
  const { attempt } = tried
  if (!bringsOutputs(tried)) return false
  const collecting = isCurrent(tried) && attempt.state === "finishing" && outputsOf(tried)?.state === "collecting"
  return collecting || mayComeLate(tried)
}

/** Whether the outputs were given up, but lie on the host still: they come after all if it gives them at a later contact. */
export function mayComeLate({ job, attempt }: Tried): boolean {
  if (!leavesCheckpoint(attempt) || isFromAll(job)) return false
  return job.outputs?.late === true && attempt.onHost && !attempt.fenced && isLatest({ job, attempt })
}

/** Whether what this one made comes home. */
export function bringsOutputs({ job, attempt }: Tried): boolean {
  return leavesCheckpoint(attempt) || isFromAll(job)
}

/** Whether what this one wrote is what the next attempt begins with. */
export function leavesCheckpoint({ member }: AttemptRecord): boolean {
  return member === undefined || member.rank === 0
}

/** Closes the record of an attempt, with its event. Within a change. */
export function endAttempt(core: Core, job: JobRecord, attempt: AttemptRecord): void {
  const { id, number, exitCode, signal } = attempt
  attempt.state = "ended"
  attempt.endedAt ??= core.clock.now()
  attempt.outOfContactSince = null
  core.ledger.attemptChanged(attempt)
  const cause = attempt.cause ?? "link_lost"
  const rank = attempt.member === undefined ? {} : { rank: attempt.member.rank }
  core.ledger.event({ type: "attempt_ended", job: job.id, attempt: id, number, ...rank, cause, exitCode, signal })
}

/** Closes the attempt and gives its job the final state the verdict says. */
export function conclude(core: Core, job: JobRecord, attempt: AttemptRecord, verdict: Verdict): void {
  endAttempt(core, job, attempt)
  transition(core, job, verdict.state, { cause: verdict.cause, reason: attempt.message })
}
