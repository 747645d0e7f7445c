import type { JobId } from "../protocol/ids.ts"
import { diagnose } from "./diagnose.ts"
import type { Obstacle } from "./obstacle.ts"
import { byMerit, Pass } from "./pass.ts"
import { placeTasks, Throttle } from "./place-tasks.ts"
import type { SchedulableHost, Snapshot, WaitingJob } from "./snapshot.ts"

/** A waiting job with all that keeps it off each host at its turn. */
export interface WaitReasons {
  readonly job: WaitingJob
  /** Its place among the due jobs, from 1; `null` before it is due. */
  readonly place: number | null
  /** It is an array, or a task of one, of which as many tasks run as may. */
  readonly isThrottled: boolean
  /** In the order of the job's rank. One without obstacles has room: the first such is where a due job starts in this very pass. */
  readonly hosts: readonly { readonly host: SchedulableHost; readonly obstacles: readonly Obstacle[] }[]
}

/** Goes through the queue as `plan` does and says of each job, or `only` of one, what stands in its way. */
export function* waitReasons(snapshot: Snapshot, nowMs: number, only?: JobId): Generator<WaitReasons> {
  const pass = new Pass(snapshot)
  const throttle = new Throttle()
  let due = 0
  for (const job of snapshot.waiting) {
    const isDue = job.notBeforeMs === null || job.notBeforeMs <= nowMs
    if (isDue) due++
    if (only === undefined || job.id === only) {
      const hosts = byMerit(job, pass.rooms).map((room) => ({ host: room.host, obstacles: diagnose(pass, room, job) }))
      const isThrottled = job.array !== undefined && throttle.leftOf(job.array) === 0
      yield { job, place: isDue ? due : null, isThrottled, hosts }
    }
    if (isDue) placeTasks(pass, throttle, job)
  }
}
