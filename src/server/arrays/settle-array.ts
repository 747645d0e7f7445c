import { IndexSet } from "../../base/index-set.ts"
import { FIRST_FAILURES, type TaskFailure } from "../../protocol/job-array.ts"
import { exitCodeOf, isFinal, type Verdict } from "../../protocol/job-state.ts"
import { type ArrayRecord, hasUnbegun, type UnrunCause } from "../../store/array-record.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import { NO_OUTPUTS } from "../jobs/close-attempt.ts"
import { transition } from "../jobs/transition.ts"
import { UNRUN_STATES } from "./task-record.ts"

/**
 * Draws the conclusion after tasks have begun or ended, were held or let go: an array none of whose tasks waits any more runs, and has ended
 * once all of them have. Within a change.
 */
export function settleArray(core: Core, job: JobRecord, actor?: string): void {
  const { array } = job
  if (array === undefined || isFinal(job.state)) return
  core.ledger.jobChanged(job)
  if (endedCount(array) === array.all.size) {
    conclude(core, job, array, actor)
  } else if (!hasUnbegun(array)) {
    if (job.state === "held") transition(core, job, "queued")
    if (job.state === "queued") transition(core, job, "starting")
    if (job.state === "starting") transition(core, job, "running")
  } else {
    if (job.state === "queued" && array.waiting.size === 0) transition(core, job, "held")
    if (core.table.gates.note(job)) core.wakePlanner()
    if (job.state === "queued") core.wakePlanner()
  }
}

/**
 * Ends tasks that have not begun, without a record for each. Returns how many. Within a change; {@link settleArray} is to follow.
 * @param reason in words, with `_*` for the index of a task
 */
export function endUnbegun(core: Core, job: JobRecord, indices: IndexSet, cause: UnrunCause, reason: string): number {
  const { array } = job
  if (array === undefined) return 0
  const all = new IndexSet()
  for (const set of [array.waiting, array.held.user, array.held.admin, array.blocked]) {
    const ended = set.takeAll(indices)
    array.unrun[cause].addAll(ended)
    all.addAll(ended)
    const state = UNRUN_STATES[cause]
    array.counts[state] += ended.size
    if (ended.size > 0) noteExit(array, { state, cause, exitCode: null, signal: null })
    if (state === "cancelled") continue
    for (const index of ended) {
      if (array.failures.length >= FIRST_FAILURES) break
      array.failures.push({ index, state, cause, exitCode: null, signal: null })
    }
  }
  if (all.size > 0) noteReason(array, reason, all)
  if (all.size > 0 && core.table.gates.noteUnrun(job.id, all)) core.wakePlanner()
  return all.size
}

function noteReason({ unrunReasons }: ArrayRecord, reason: string, of: IndexSet): void {
  const known = unrunReasons.find((one) => one.reason === reason)
  if (known === undefined) unrunReasons.push({ reason, of: new IndexSet(of.runs) })
  else known.of.addAll(of)
}

/** A task with a record has ended. Within a change; {@link settleArray} is to follow. */
export function countEnded(array: ArrayRecord, index: number, { verdict }: JobRecord): void {
  if (verdict === null) return
  const { state, cause, exitCode, signal } = verdict
  array.counts[state]++
  noteExit(array, verdict)
  if (state === "succeeded" || array.failures.length >= FIRST_FAILURES) return
  array.failures.push({ index, state, cause, exitCode, signal } satisfies TaskFailure)
}

/** What was stopped, or ran out of time, says nothing of the others. */
function noteExit(array: ArrayRecord, verdict: Verdict): void {
  if (verdict.state === "failed") array.exitCode = Math.max(array.exitCode, exitCodeOf(verdict))
}

function endedCount({ counts }: ArrayRecord): number {
  return counts.succeeded + counts.failed + counts.cancelled + counts.timed_out
}

function conclude(core: Core, job: JobRecord, array: ArrayRecord, actor: string | undefined): void {
  const verdict = verdictOf(array)
  job.verdict = verdict
  job.outputs = NO_OUTPUTS
  const reason = verdict.state === "succeeded" ? null : tallyText(array)
  const { state, cause } = verdict
  const options = actor === undefined ? { cause, reason } : { cause, reason, actor }
  if (state === "succeeded") transition(core, job, "finishing", { cause, reason: null })
  transition(core, job, state, options)
}

/** It succeeded if all tasks did; else what was worst of them counts, with the highest exit code. */
function verdictOf(array: ArrayRecord): Verdict {
  const { counts, failures, exitCode } = array
  const plain = { exitCode: null, signal: null }
  if (counts.failed > 0) {
    const [first] = failures.filter(({ state }) => state === "failed")
    const isUnrun = first !== undefined && array.unrun.dependency_failed.size === counts.failed
    return isUnrun
      ? { state: "failed", cause: "dependency_failed", ...plain }
      : { state: "failed", cause: "exited", exitCode, signal: null }
  }
  if (counts.timed_out > 0) {
    return {
      state: "timed_out",
      cause: array.unrun.deadline.size === counts.timed_out ? "deadline" : "time_limit",
      ...plain,
    }
  }
  if (counts.cancelled > 0) return { state: "cancelled", cause: "cancelled", ...plain }
  return { state: "succeeded", cause: "exited", exitCode: 0, signal: null }
}

/** "97 of 100 tasks succeeded, 2 failed, 1 was stopped" */
export function tallyText({ counts, all }: Pick<ArrayRecord, "counts" | "all">): string {
  const were = (count: number) => (count === 1 ? "was" : "were")
  return [
    `${counts.succeeded} of ${all.size} task${all.size === 1 ? "" : "s"} succeeded`,
    ...(counts.failed === 0 ? [] : [`${counts.failed} failed`]),
    ...(counts.timed_out === 0 ? [] : [`${counts.timed_out} timed out`]),
    ...(counts.cancelled === 0 ? [] : [`${counts.cancelled} ${were(counts.cancelled)} stopped`]),
  ].join(", ")
}
