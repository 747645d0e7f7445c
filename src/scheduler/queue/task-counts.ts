import type { JobId } from "../../protocol/ids.ts"
import type { QueueJob } from "./queue-scene.ts"

/** How many tasks of one array get a reservation. Slurm's bf_max_job_array_resv. */
export const TASKS_RESERVED = 20

/** The tasks of a job that is no array. */
export const ITSELF: readonly null[] = [null]

/** Tasks that run, by array, with those that a pass starts: several lines of the queue may be of one array. */
export class TaskCounts {
  readonly #running = new Map<JobId, number>()

  /** 0 for what is no array. */
  runningOf({ id, array }: QueueJob): number {
    return array === null ? 0 : (this.#running.get(array.of ?? id) ?? array.running)
  }

  started(job: QueueJob): void {
    if (job.array !== null) this.#running.set(job.array.of ?? job.id, this.runningOf(job) + 1)
  }
}
