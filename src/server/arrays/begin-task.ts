import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import { settleArray } from "./settle-array.ts"
import { newTask } from "./task-record.ts"

/**
 * Gives a task of an array that has not begun a record of its own. One number is kept for each task, so none can begin a second time.
 * Within a change.
 * @param isInLine whether it waits for its turn by itself; else it is to be placed at once
 */
export function beginTask(core: Core, array: JobRecord, index: number, isInLine = false): JobRecord {
  const job = newTask(array, index)
  const { waiting, held, blocked } = array.array!
  for (const set of [waiting, held.user, held.admin, blocked]) set.delete(index)
  core.table.add(job, isInLine)
  core.ledger.jobAdded(job)
  const { id, user, spec } = job
  core.ledger.event({ type: "job_submitted", job: id, user, name: spec.name, array: array.id, task: index }, user)
  settleArray(core, array)
  return job
}
