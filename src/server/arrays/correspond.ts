import { IndexSet } from "../../base/index-set.ts"
import type { JobId } from "../../protocol/ids.ts"
import { reasonText } from "../../scheduler/queue/reason-text.ts"
import { type Dependency, readDependency } from "../../scheduler/request/dependency.ts"
import { dependencyState, type Progress, type Tasks } from "../../scheduler/request/dependency-state.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import { arrayProgress, manyProgress, taskProgress } from "./progress.ts"
import { endUnbegun, settleArray } from "./settle-array.ts"

/** Which tasks of other arrays have ended since an array was looked at that waits for them task by task. */
export type Touched = IndexSet | "all"

/** Whether each of its tasks waits for one of its own index: then its dependency is looked at task by task. */
export function goesTaskByTask({ array, spec }: Pick<JobRecord, "array" | "spec">): boolean {
  const after = spec.queue?.after ?? null
  return array !== undefined && after !== null && hasCorresponding(readDependency(after))
}

export function hasCorresponding({ terms }: Dependency): boolean {
  return terms.some(({ kind }) => kind === "aftercorr")
}

/**
 * Lets those tasks go whose dependency is met, and ends those for which it cannot be any more. Within a change.
 * @param namesakes unfinished jobs of the same name that were sent before
 */
export function lookAtTasks(
  core: Core,
  job: JobRecord,
  touched: Touched,
  { namesakes, nowMs }: { readonly namesakes: readonly number[]; readonly nowMs: number },
): number | null {
  const { array } = job
  const after = job.spec.queue?.after ?? null
  if (array === undefined || after === null || array.blocked.size === 0) return null
  const dependency = readDependency(after)
  // What comes a time after a start may have come for any of them.
  const isWhole = touched === "all" || hasDelay(dependency)
  const progress = new ProgressOfTasks(core, dependency, isWhole)
  const due = isWhole ? [...array.blocked] : [...touched].filter((index) => array.blocked.has(index))
  const lost = new Map<string, IndexSet>()
  let dueMs: number | null = null
  let isChanged = false
  for (const taskIndex of due) {
    const tasksOf = (id: number) => progress.of(id, taskIndex)
    const state = dependencyState(dependency, { tasksOf, unfinishedNamesakes: namesakes, taskIndex }, nowMs)
    if (state.state === "never") {
      const reason = reasonText({ code: "dependency_never", because: state.because.map(sameFor(taskIndex)) }, nowMs)
      const of = lost.get(reason) ?? new IndexSet()
      of.add(taskIndex)
      lost.set(reason, of)
    } else if (state.state === "met") {
      array.blocked.delete(taskIndex)
      array.waiting.add(taskIndex)
      isChanged = true
    } else if (state.dueMs !== null) dueMs = Math.min(dueMs ?? state.dueMs, state.dueMs)
  }
  for (const [reason, of] of lost) endUnbegun(core, job, of, "dependency_failed", reason)
  if (isChanged || lost.size > 0) settleArray(core, job)
  return dueMs
}

/** What a task hangs on, as it is called for all tasks that hang on the one of their own index. */
function sameFor(taskIndex: number): (on: string) => string {
  const own = `_${taskIndex}`
  return (on) => (on.endsWith(own) ? `${on.slice(0, -own.length)}_*` : on)
}

function hasDelay({ terms }: Dependency): boolean {
  return terms.some((term) => term.kind === "after" && term.jobs.some(({ delayMinutes }) => delayMinutes > 0))
}

/** What a dependency asks of other jobs, read once for all tasks that ask it. */
class ProgressOfTasks {
  readonly #core: Core
  readonly #corresponding: ReadonlySet<number>
  readonly #named = new Map<number, Set<number>>()
  readonly #whole = new Map<number, Tasks | undefined>()
  readonly #task = new Map<number, (index: number) => Progress | undefined>()
  readonly #isMany: boolean

  constructor(core: Core, { terms }: Dependency, isMany: boolean) {
    this.#core = core
    this.#isMany = isMany
    const jobs = terms.flatMap((term) =>
      term.kind === "singleton" ? [] : term.jobs.map((ref) => ({ ...ref, kind: term.kind })),
    )
    this.#corresponding = new Set(jobs.filter(({ kind }) => kind === "aftercorr").map(({ job }) => job))
    for (const { job, task } of jobs) {
      if (task !== null) this.#named.set(job, (this.#named.get(job) ?? new Set()).add(task))
    }
  }

  of(id: number, index: number): Tasks | undefined {
    const whole = this.#wholeOf(id)
    if (whole === undefined || !this.#corresponding.has(id)) return whole
    const progress = this.#taskOf(id)(index)
    return progress === undefined ? whole : new Map([...whole, [index, progress]])
  }

  #wholeOf(id: number): Tasks | undefined {
    if (!this.#whole.has(id)) {
      const job = jobOf(this.#core, id)
      this.#whole.set(id, job === undefined ? undefined : arrayProgress(this.#core, job, this.#named.get(id) ?? []))
    }
    return this.#whole.get(id)
  }

  #taskOf(id: number): (index: number) => Progress | undefined {
    let taskOf = this.#task.get(id)
    if (taskOf === undefined) {
      const job = jobOf(this.#core, id)
      if (job === undefined) taskOf = () => undefined
      else if (this.#isMany || job.array === undefined) taskOf = manyProgress(this.#core, job)
      else taskOf = (index) => taskProgress(this.#core, job, index)
      this.#task.set(id, taskOf)
    }
    return taskOf
  }
}

/** The record of a job that others hang on, be it ended. */
export function jobOf(core: Core, id: number): JobRecord | undefined {
  const job = id as JobId
  return core.table.gates.endedOf(id) ?? core.table.live(job) ?? core.store.jobs.get(job)
}
