import type { JobId } from "../protocol/ids.ts"
import type { Pass } from "./pass.ts"
import type { Start } from "./plan.ts"
import { taskIndices } from "./request/array-tasks.ts"
import type { WaitingJob, WaitingTasks } from "./snapshot.ts"

/** Counts within a pass how many tasks of each array run, with those that the pass starts. */
export class Throttle {
  readonly #running = new Map<JobId, number>()

  /** How many more may start now; Infinity without a bound. */
  leftOf({ of, atOnce, running }: WaitingTasks): number {
    return atOnce === null ? Number.POSITIVE_INFINITY : Math.max(0, atOnce - (this.#running.get(of) ?? running))
  }

  started({ of, running }: WaitingTasks): void {
    this.#running.set(of, (this.#running.get(of) ?? running) + 1)
  }
}

/**
 * Starts a job that is due, or as many tasks of an array as there is room for and may run; what waits for room then holds places, `waits`.
 * An array of which as many run as may holds none.
 */
export function placeTasks(pass: Pass, throttle: Throttle, job: WaitingJob): { starts: Start[]; waits: boolean } {
  const { array } = job
  const starts: Start[] = []
  let rest = array?.tasks?.count ?? 1
  for (const task of array?.tasks == null ? ITSELF : taskIndices(array.tasks)) {
    const left = array === undefined ? 1 : throttle.leftOf(array)
    if (left === 0 || (starts.length > 0 && pass.isFull)) return { starts, waits: false }
    const placed = pass.place(job, Math.min(rest, left))
    if (placed === undefined) return { starts, waits: true }
    if (array !== undefined) throttle.started(array)
    starts.push({ job: job.id, task, host: placed.room.host.id, resources: placed.need })
    rest--
  }
  return { starts, waits: false }
}

const ITSELF: readonly null[] = [null]
