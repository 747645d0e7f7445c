import { isFinal, type JobState } from "../../protocol/job-state.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import { takesUp } from "./array-book.ts"
import { countEnded, settleArray } from "./settle-array.ts"

/** A task has changed its state: its array knows, in the same transaction. Within a change. */
export function noteTask(core: Core, job: JobRecord, from: JobState): void {
  const { task } = job
  const parent = task === undefined ? undefined : core.table.live(task.array)
  if (task === undefined || parent?.array === undefined) return
  const { array } = parent
  core.ledger.jobChanged(parent)
  if (job.state === "running") {
    parent.startedAt ??= job.startedAt
    array.lastStartedAt = Math.max(array.lastStartedAt ?? 0, job.startedAt ?? 0)
  }
  // As many as may ran: the next one may.
  if (takesUp(from) && !takesUp(job.state) && array.atOnce !== null) core.wakePlanner()
  if (!isFinal(job.state)) return
  countEnded(array, task.index, job)
  settleArray(core, parent)
}
