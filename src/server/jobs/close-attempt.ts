import type { OutputsView } from "../../protocol/job.ts"
import type { Verdict } from "../../protocol/job-state.ts"
import type { AttemptRecord, JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import type { Tried } from "./job-table.ts"
import { transition } from "./transition.ts"

export const NO_OUTPUTS: OutputsView = { state: "none", tree: null, files: 0, bytes: 0 }

/** Whether the attempt still decides what becomes of its job. */
export function isCurrent({ job, attempt }: Tried): boolean {
  return !attempt.fenced && job.attempts.at(-1) === attempt && attempt.state !== "ended"
}

/** Closes the record of an attempt, with its event. Within a change. */
export function endAttempt(core: Core, job: JobRecord, attempt: AttemptRecord): void {
  const { id, number, exitCode, signal } = attempt
  attempt.state = "ended"
  attempt.endedAt ??= core.clock.now()
  attempt.outOfContactSince = null
  core.ledger.attemptChanged(attempt)
  const cause = attempt.cause ?? "link_lost"
  core.ledger.event({ type: "attempt_ended", job: job.id, attempt: id, number, cause, exitCode, signal })
}

/** Closes the attempt and gives its job the final state the verdict says. */
export function conclude(core: Core, job: JobRecord, attempt: AttemptRecord, verdict: Verdict): void {
  endAttempt(core, job, attempt)
  transition(core, job, verdict.state, { cause: verdict.cause, reason: attempt.message })
}
