import type { JobId } from "../../protocol/ids.ts"
import type { WaitingTasks } from "../../scheduler/snapshot.ts"
import type { JobRecord } from "../../store/job-record.ts"

/** Of arrays that have not ended: their tasks in memory, by index. */
export class ArrayBook {
  readonly #tasks = new Map<JobId, Map<number, JobRecord>>()

  clear(): void {
    this.#tasks.clear()
  }

  add(job: JobRecord): void {
    if (job.task === undefined) return
    const { array, index } = job.task
    const tasks = this.#tasks.get(array) ?? new Map<number, JobRecord>()
    this.#tasks.set(array, tasks.set(index, job))
  }

  remove({ task }: JobRecord): void {
    if (task === undefined) return
    const tasks = this.#tasks.get(task.array)
    tasks?.delete(task.index)
    if (tasks?.size === 0) this.#tasks.delete(task.array)
  }

  /** Tasks in memory: all that have begun and not ended, and those of which a host still holds something. */
  tasksOf(array: JobId): Iterable<JobRecord> {
    return this.#tasks.get(array)?.values() ?? []
  }

  task(array: JobId, index: number): JobRecord | undefined {
    return this.#tasks.get(array)?.get(index)
  }

  /** How many tasks take up a place among those that may run at a time. */
  runningOf(array: JobId): number {
    let running = 0
    for (const { state } of this.tasksOf(array)) if (takesUp(state)) running++
    return running
  }
}

/** Whose command has ended makes room for the next. */
export function takesUp(state: JobRecord["state"]): boolean {
  return state === "starting" || state === "running" || state === "suspended"
}

/** What the scheduler sees of an array, or of a task that waits again: as it is whenever that is read. */
export function waitingTasks(
  book: ArrayBook,
  job: JobRecord,
  arrayOf: (id: JobId) => JobRecord | undefined,
): WaitingTasks {
  const of = job.task?.array ?? job.id
  return {
    of,
    get tasks() {
      if (job.array === undefined) return null
      const { runs, size } = job.array.waiting
      return { runs, count: size, atOnce: job.array.atOnce }
    },
    get atOnce() {
      return (job.array ?? arrayOf(of)?.array)?.atOnce ?? null
    },
    get running() {
      return book.runningOf(of)
    },
  }
}
