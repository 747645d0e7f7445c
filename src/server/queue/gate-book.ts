import { IndexSet } from "../../base/index-set.ts"
import type { JobId } from "../../protocol/ids.ts"
import { isFinal } from "../../protocol/job-state.ts"
import { hasSingleton, jobsNamedIn } from "../../scheduler/request/after-words.ts"
import { type Dependency, readDependency } from "../../scheduler/request/dependency.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { Touched } from "../arrays/correspond.ts"
import { queueAskedOf } from "./standing.ts"

/** Which jobs are kept out of the queue, or may come to be, and when each is to be looked at; in memory, made from the jobs. */
export class GateBook {
  /** When to look; Infinity: only once something happens. */
  readonly #dueAt = new Map<JobId, number>()
  /** By what they hang on, the number of a job or a name with its user: who, and whether task by task alone. */
  readonly #dependents = new Map<number | string, Map<JobId, boolean>>()

  /** Ended jobs on which others hang: they have left memory, and their end may not be stored before the present change is. */
  readonly #ended = new Map<number, JobRecord>()

  /** Of arrays that wait task by task: which tasks of others have changed since they were looked at. Who is not there is to be looked at whole. */
  readonly #touched = new Map<JobId, IndexSet>()

  clear(): void {
    this.#touched.clear()
    this.#ended.clear()
    this.#dueAt.clear()
    this.#dependents.clear()
  }

  /** A job is there, or stands otherwise than before. Whether anything is to be looked at because of that. */
  note(job: JobRecord): boolean {
    const isBlocked = job.array !== undefined && job.array.blocked.size > 0 && !isFinal(job.state)
    const isKept =
      job.state === "held" || isBlocked || (job.state === "queued" && queueAskedOf(job).deadlineAt !== null)
    const had = this.#dueAt.has(job.id)
    if (isKept) {
      this.#dueAt.set(job.id, 0)
      if (!had) this.#hang(job, true)
    } else if (had) {
      this.#dueAt.delete(job.id)
      this.#touched.delete(job.id)
      this.#hang(job, false)
    }
    const touched = job.state === "running" || isFinal(job.state) ? this.#touch(job) : false
    return isKept || touched
  }

  /** Those that are to be looked at now. They are due again only as said with {@link lookAt}. */
  takeDue(nowMs: number): JobId[] {
    const due = [...this.#dueAt].filter(([, at]) => at <= nowMs).map(([id]) => id)
    for (const id of due) this.#dueAt.set(id, Number.POSITIVE_INFINITY)
    return due.sort((a, b) => a - b)
  }

  /** Which tasks of other arrays have changed since the last call. */
  takeTouched(job: JobId): Touched {
    const touched = this.#touched.get(job) ?? "all"
    this.#touched.set(job, new IndexSet())
    return touched
  }

  /** All tasks of an array are to be looked at anew. */
  lookWhole(job: JobId): void {
    this.#touched.delete(job)
  }

  /** What was stored meanwhile need not be kept. */
  forgetEndedTasks(): void {
    for (const [id, { task }] of this.#ended) if (task !== undefined) this.#ended.delete(id)
  }

  /** The job, if it has ended while others hung on it. */
  endedOf(job: number): JobRecord | undefined {
    return this.#ended.get(job)
  }

  lookAt(job: JobId, atMs: number | null): void {
    if (this.#dueAt.has(job)) this.#dueAt.set(job, atMs ?? Number.POSITIVE_INFINITY)
  }

  /** When something is due next by time alone; `null`: never. */
  get nextMs(): number | null {
    let next = Number.POSITIVE_INFINITY
    for (const at of this.#dueAt.values()) if (at < next) next = at
    return next === Number.POSITIVE_INFINITY ? null : next
  }

  /**
   * Tasks of an array have ended that never began, and so have no record that would be noted. Whether anything is to be looked at because of
   * that.
   */
  noteUnrun(array: JobId, indices: IndexSet): boolean {
    const dependents = this.#dependents.get(array) ?? []
    for (const [one, isByTask] of dependents) this.#due(one, isByTask ? indices : null)
    return this.#dependents.has(array)
  }

  /** Whoever hangs on it is to be looked at. */
  #touch(job: JobRecord): boolean {
    const { id, user, spec, state, task } = job
    // Jobs that were sent to earlier versions hang on a task by its own number.
    const keys: (number | string)[] = task === undefined ? [id] : [task.array, id]
    if (spec.name !== null && task === undefined) keys.push(`${user}\n${spec.name}`)
    const found = keys.flatMap((key) => [...(this.#dependents.get(key) ?? [])])
    if (isFinal(state) && keys.some((key) => typeof key === "number" && this.#dependents.has(key)))
      this.#ended.set(id, job)
    const index = task === undefined ? null : new IndexSet([{ first: task.index, last: task.index }])
    for (const [one, isByTask] of found) this.#due(one, isByTask ? index : null)
    return found.length > 0
  }

  /** @param indices of its tasks those that are to be looked at; `null`: all of them */
  #due(job: JobId, indices: IndexSet | null): void {
    if (!this.#dueAt.has(job)) return
    this.#dueAt.set(job, 0)
    if (indices === null) this.#touched.delete(job)
    else this.#touched.get(job)?.addAll(indices)
  }

  #hang(job: JobRecord, hangs: boolean): void {
    const { after } = queueAskedOf(job)
    if (after === null) return
    const dependency = readDependency(after)
    const on: (number | string)[] = [...jobsNamedIn(dependency)]
    if (hasSingleton(dependency)) on.push(`${job.user}\n${job.spec.name}`)
    for (const key of on) {
      const set = this.#dependents.get(key) ?? new Map<JobId, boolean>()
      if (hangs) set.set(job.id, typeof key === "number" && goesOnlyByTask(dependency, key))
      else set.delete(job.id)
      if (set.size > 0) this.#dependents.set(key, set)
      else {
        this.#dependents.delete(key)
        if (typeof key === "number") this.#ended.delete(key)
      }
    }
  }
}

/** Whether a change of one task of the other array means nothing to any task but the one of the same index. */
function goesOnlyByTask({ terms }: Dependency, array: number): boolean {
  return terms.every(
    (term) => term.kind === "singleton" || term.kind === "aftercorr" || term.jobs.every(({ job }) => job !== array),
  )
}
