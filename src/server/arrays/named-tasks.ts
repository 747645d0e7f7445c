import { WindfallError } from "../../protocol/errors.ts"
import type { JobId } from "../../protocol/ids.ts"
import type { JobSpec } from "../../protocol/job.ts"
import {
  type Dependency,
  type DependencyJob,
  type DependencyTerm,
  dependencyText,
  readDependency,
} from "../../scheduler/request/dependency.ts"
import type { Core } from "../core.ts"

/**
 * The job as it is kept: a task that it waits for by the task's own number (`ok:110`) is named by its array and index (`ok:109_1`), as
 * whatever hangs on a task hangs on its array.
 * @throws {WindfallError} invalid_input where it is to go task by task after what is one task
 */
export function withTasksNamed(core: Core, spec: JobSpec): JobSpec {
  const { queue } = spec
  if (queue === undefined || queue.after === null) return spec
  const dependency = readDependency(queue.after)
  const terms = dependency.terms.map((term) => named(core, term))
  if (terms.every((term, i) => term === dependency.terms[i])) return spec
  return { ...spec, queue: { ...queue, after: dependencyText({ ...dependency, terms } satisfies Dependency) } }
}

function named(core: Core, term: DependencyTerm): DependencyTerm {
  if (term.kind === "singleton") return term
  const jobs = term.jobs.map((ref) => ofArray(core, ref))
  const changed = jobs.find((ref, i) => ref !== term.jobs[i])
  if (changed === undefined) return term
  if (term.kind !== "aftercorr") return { ...term, jobs }
  const task = `${changed.job}_${changed.task}`
  throw new WindfallError(
    "invalid_input",
    `Cannot send a job that goes task by task after ${task}: that is one task of array ${changed.job}`,
    { hint: `To wait for that task: --after ok:${task}   For the task of the same index: --after corr:${changed.job}` },
  )
}

function ofArray(core: Core, ref: DependencyJob): DependencyJob {
  if (ref.task !== null) return ref
  const id = ref.job as JobId
  const record = core.table.live(id) ?? core.store.jobs.get(id)
  if (record !== undefined) {
    return record.task === undefined ? ref : { ...ref, job: record.task.array, task: record.task.index }
  }
  // A task that has not begun has no record, but its array keeps the number for it.
  const keeper = core.store.jobs.tasks.arrayKeeping(id)
  const array = keeper === undefined ? undefined : (core.table.live(keeper) ?? core.store.jobs.get(keeper))
  const task = array?.array?.all.at(id - array.id - 1)
  return array === undefined || task === undefined ? ref : { ...ref, job: array.id, task }
}
