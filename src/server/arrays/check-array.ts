import { IndexSet } from "../../base/index-set.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { JobSpec } from "../../protocol/job.ts"
import { MAX_ARRAY_INDEX, MAX_ARRAY_TASKS } from "../../protocol/job-array.ts"
import { type ArrayTasks, readArrayTasks } from "../../scheduler/request/array-tasks.ts"
import { type Dependency, readDependency } from "../../scheduler/request/dependency.ts"
import { type ArrayRecord, newArray } from "../../store/array-record.ts"
import type { Core } from "../core.ts"
import { hasCorresponding, jobOf } from "./correspond.ts"

/** @throws {WindfallError} invalid_input for a list of tasks that is none, or a job that can be no array */
export function checkArray(spec: JobSpec): void {
  if (spec.array === undefined) return
  readTasks(spec.array)
  if (spec.kind === "session") {
    throw new WindfallError("invalid_input", "Cannot send a session as an array: its tasks would share one terminal", {
      hint: "Give it a command: windfall send --array 1-8 -- CMD",
    })
  }
}

/** What is known of a job's array when it is sent; `undefined` where it is none. @param spec checked */
export function arrayOf(spec: JobSpec): ArrayRecord | undefined {
  if (spec.array === undefined) return undefined
  const { runs, atOnce } = readTasks(spec.array)
  const array = newArray(new IndexSet(runs), atOnce)
  const after = spec.queue?.after ?? null
  // Each task waits for its own.
  if (after !== null && hasCorresponding(readDependency(after))) array.blocked.addAll(array.waiting.takeAll(array.all))
  return array
}

function readTasks(text: string): ArrayTasks {
  try {
    return readArrayTasks(text, { maxIndex: MAX_ARRAY_INDEX, maxTasks: MAX_ARRAY_TASKS })
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new WindfallError("invalid_input", `Cannot send an array: ${error.message}`, {
      hint: "For instance: --array 1-100%8, --array 0-9,20, --array 1-31:5",
      details: { field: "array" },
    })
  }
}

/**
 * Looks whether the tasks that a job is to wait for are there.
 * @throws {WindfallError} invalid_input
 */
export function checkTasks(core: Core, spec: JobSpec, { terms }: Dependency): void {
  for (const term of terms) {
    if (term.kind === "singleton") continue
    for (const { job: id, task } of term.jobs) {
      const job = jobOf(core, id)
      if (task !== null && job?.array?.all.has(task) !== true) {
        const what = job?.array === undefined ? "it is no array" : `it has the tasks ${job.array.all}`
        throw new WindfallError("invalid_input", `Cannot send a job that waits for task ${id}_${task}: ${what}`, {
          hint: `What job ${id} is: windfall show ${id}`,
        })
      }
      if (term.kind === "aftercorr" && spec.array !== undefined && job?.array !== undefined) {
        checkCorresponding(spec.array, id, job.array.all)
      }
    }
  }
}

function checkCorresponding(tasks: string, id: number, there: IndexSet): void {
  const lacking = new IndexSet(readTasks(tasks).runs)
  lacking.takeAll(there)
  if (lacking.size === 0) return
  throw new WindfallError(
    "invalid_input",
    `Cannot send this array to run task by task after array ${id}: that has no task ${short(lacking)}`,
    { hint: `It has the tasks ${short(there)}. To wait for all of them: --after ok:${id}` },
  )
}

function short(set: IndexSet): string {
  const text = set.toString()
  return text.length > 60 ? `${text.slice(0, 60)}...` : text
}
