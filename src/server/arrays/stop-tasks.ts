import type { IndexSet } from "../../base/index-set.ts"
import type { StopRequest } from "../../protocol/api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { isFinal } from "../../protocol/job-state.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import { stopJob } from "../jobs/stop.ts"
import { endUnbegun, settleArray } from "./settle-array.ts"

/**
 * Asks tasks of an array to end, each as a job is: those that have not begun end at once. Those that have ended stay as they are. Within a
 * change.
 * @throws {WindfallError} wrong_state where all have ended
 */
export function stopTasks(core: Core, job: JobRecord, indices: IndexSet, request: StopRequest, actor: string): void {
  const { array } = job
  if (array === undefined) return
  const ended = endUnbegun(core, job, indices, "cancelled", `stopped by ${actor}`)
  const live = liveTasks(core, job, indices)
  if (ended > 0) {
    const what = `stopped ${ended} task${ended === 1 ? "" : "s"} that had not begun`
    core.ledger.event({ type: "job_changed", job: job.id, what }, actor)
    // Of a part that is not said of the whole.
    if (indices.size === array.all.size) job.reason = `stopped by ${actor}`
  }
  for (const task of live) stopJob(core, task, request, actor)
  if (ended + live.length === 0) {
    throw new WindfallError("wrong_state", `Cannot stop tasks of job ${job.id}: they have already ended`, {
      hint: `How they ended: windfall show ${job.id}`,
    })
  }
  settleArray(core, job, actor)
}

/** Tasks that have begun and not ended. */
export function liveTasks(core: Core, { id }: JobRecord, indices: IndexSet): JobRecord[] {
  return [...core.table.arrays.tasksOf(id)].filter(({ state, task }) => !isFinal(state) && indices.has(task!.index))
}
