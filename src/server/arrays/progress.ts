import type { JobId } from "../../protocol/ids.ts"
import { isFinal } from "../../protocol/job-state.ts"
import type { Progress, Tasks } from "../../scheduler/request/dependency-state.ts"
import { type ArrayRecord, hasUnbegun, UNRUN_CAUSES } from "../../store/array-record.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { TaskProgress } from "../../store/tasks.ts"
import type { Core } from "../core.ts"
import { taskIdOf } from "./task-record.ts"

/** How a job stands, as dependencies on it see that. */
export function progressOf({ state, startedAt, endedAt }: TaskProgress): Progress {
  if (!isFinal(state)) return { startedMs: startedAt, outcome: null }
  return { startedMs: startedAt ?? endedAt, outcome: state === "succeeded" ? "succeeded" : "failed" }
}

/**
 * How the tasks of an array stand, for a dependency on it: those that are named as themselves, and all together as a few that stand for them, as
 * nothing more is asked of all than whether some failed, run still, have not begun.
 */
export function arrayProgress(core: Core, job: JobRecord, named: Iterable<number>): Tasks {
  const { array } = job
  if (array === undefined) return new Map([[null, progressOf(job)]])
  const tasks = new Map<number, Progress>()
  const { counts, all, lastStartedAt } = array
  const failed = counts.failed + counts.cancelled + counts.timed_out
  const begunMs = lastStartedAt ?? job.endedAt ?? job.submittedAt
  if (counts.succeeded > 0) tasks.set(SUCCEEDED, { startedMs: begunMs, outcome: "succeeded" })
  if (failed > 0) tasks.set(FAILED, { startedMs: begunMs, outcome: "failed" })
  if (counts.succeeded + failed < all.size)
    tasks.set(UNFINISHED, { startedMs: allBegunMs(core, job, array), outcome: null })
  for (const index of named) {
    const progress = taskProgress(core, job, index)
    if (progress !== undefined) tasks.set(index, progress)
  }
  return tasks
}

const SUCCEEDED = -1
const FAILED = -2
const UNFINISHED = -3

/** How one task stands; `undefined` where there is none of this index. */
export function taskProgress(core: Core, job: JobRecord, index: number): Progress | undefined {
  const { array } = job
  const id = taskIdOf(job, index)
  if (array === undefined || id === undefined) return undefined
  const known = progressInSets(array, index, job)
  if (known !== undefined) return known
  const record = core.table.gates.endedOf(id) ?? core.table.live(id) ?? core.store.jobs.get(id)
  return record === undefined ? { startedMs: null, outcome: null } : progressOf(record)
}

/** The same for many: what is stored of them is read at once. */
export function manyProgress(core: Core, job: JobRecord): (index: number) => Progress | undefined {
  const { array } = job
  if (array === undefined) return () => progressOf(job)
  const stored = core.store.jobs.tasks.progress(job.id, array.all.size)
  return (index) => {
    if (!array.all.has(index)) return undefined
    const known = progressInSets(array, index, job)
    if (known !== undefined) return known
    const id = taskIdOf(job, index) as JobId
    const record = core.table.gates.endedOf(id) ?? core.table.live(id) ?? stored.get(index)
    return record === undefined ? { startedMs: null, outcome: null } : progressOf(record)
  }
}

function progressInSets(array: ArrayRecord, index: number, { endedAt, submittedAt }: JobRecord): Progress | undefined {
  const { waiting, held, blocked, unrun } = array
  if ([waiting, held.user, held.admin, blocked].some((set) => set.has(index))) return { startedMs: null, outcome: null }
  const hasEnded = UNRUN_CAUSES.some((cause) => unrun[cause].has(index))
  return hasEnded ? { startedMs: endedAt ?? submittedAt, outcome: "failed" } : undefined
}

/** When the last of its tasks began to run; `null` where some have not. */
function allBegunMs(core: Core, { id }: JobRecord, array: ArrayRecord): number | null {
  if (hasUnbegun(array)) return null
  for (const { startedAt, state } of core.table.arrays.tasksOf(id))
    if (startedAt === null && !isFinal(state)) return null
  return array.lastStartedAt
}
