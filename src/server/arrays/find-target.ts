import { IndexSet } from "../../base/index-set.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { JobId } from "../../protocol/ids.ts"
import { readJobReference } from "../../protocol/job-array.ts"
import { readArrayTasks } from "../../scheduler/request/array-tasks.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import { taskIdOf } from "./task-record.ts"

/** Who is meant: a job with a record (also a whole array, or a task that has begun), or tasks of an array, of which some may have none. */
export type Target =
  | { readonly kind: "job"; readonly job: JobRecord }
  | { readonly kind: "tasks"; readonly array: JobRecord; readonly indices: IndexSet }

/**
 * The job that a number means (`17`), or the task of an array (`17_5`); of one that has not begun as it stands, not to be changed.
 * @throws {WindfallError} invalid_input, job_not_found
 */
export function findJob(core: Core, text: string | undefined): JobRecord {
  const { job, tasks, index } = readReference(text)
  if (tasks === null) return core.table.get(job as JobId)
  if (index === null) {
    throw new WindfallError("invalid_input", `Cannot find the job "${text?.slice(0, 64)}": it names several tasks`, {
      hint: `Name one task, as ${job}_5, or all of them: ${job}`,
    })
  }
  return core.table.get(taskId(core.table.get(job as JobId), index))
}

/**
 * The same for what can be done to several tasks at once: `17_[3-9]`, too.
 * @throws {WindfallError} invalid_input, job_not_found
 */
export function findTarget(core: Core, text: string | undefined): Target {
  const { job: id, tasks, index } = readReference(text)
  if (tasks === null || index !== null) {
    const job = findJob(core, text)
    const hasRecord = core.table.live(job.id) !== undefined || core.store.jobs.get(job.id) !== undefined
    if (hasRecord || job.task === undefined) return { kind: "job", job }
    return { kind: "tasks", array: core.table.get(job.task.array), indices: IndexSet.parse(`${job.task.index}`) }
  }
  const array = core.table.get(id as JobId)
  const named = new IndexSet(readTasks(tasks, text))
  if (array.array === undefined) throw noArray(id)
  // Of what is named those that there are: of 1-9:2 [1-5] is three.
  const indices = new IndexSet(named.runs).takeAll(array.array.all)
  if (indices.size === 0) taskId(array, named.first ?? 0)
  return { kind: "tasks", array, indices }
}

function readReference(text: string | undefined) {
  const reference = readJobReference(text ?? "")
  if (reference !== undefined && !text?.startsWith("#")) return reference
  throw new WindfallError("invalid_input", `Cannot find the job "${text?.slice(0, 64)}": jobs have numbers here`, {
    hint: "The number of a job by its name: GET /v1/jobs?name=NAME. A task of an array: 17_5",
  })
}

function readTasks(tasks: string, text: string | undefined): Iterable<{ first: number; last: number }> {
  try {
    return readArrayTasks(tasks).runs
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new WindfallError("invalid_input", `Cannot find the tasks "${text?.slice(0, 64)}": ${error.message}`, {
      hint: "For instance 17_[3-9,12]",
    })
  }
}

/** @throws {WindfallError} job_not_found, invalid_input */
function taskId(job: JobRecord, index: number): JobId {
  if (job.array === undefined) throw noArray(job.id)
  const id = taskIdOf(job, index)
  if (id !== undefined) return id
  throw new WindfallError("job_not_found", `Cannot find task ${job.id}_${index}: the array has no such task`, {
    hint: `It has the tasks ${job.array.all.toString().slice(0, 80)}. How they stand: windfall show ${job.id}`,
  })
}

function noArray(id: number): WindfallError {
  return new WindfallError("invalid_input", `Cannot find a task of job ${id}: it is no array`, {
    hint: `The job itself: ${id}`,
  })
}
