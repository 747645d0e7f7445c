import type { JobId } from "../../protocol/ids.ts"
import type { Room } from "../calendar/calendar.ts"
import type { LineRequest } from "./line-request.ts"
import type { QueueJob } from "./queue-scene.ts"

/** Room that is kept for a job, or for one of its tasks. */
export interface KeptRoom {
  readonly request: LineRequest
  readonly room: Room
}

interface Known {
  /** How many of its tasks have begun, of a job that is no array at most one. */
  begun: number
  /** What is kept for those that have not, in the order in which it was found; where one begins elsewhere the last of it is given back. */
  readonly kept: KeptRoom[]
}

/** What jobs have got by their earlier turns when it is their turn again: one in each of their partitions, and owners' before all on their own Macs. */
export class EarlierTurns {
  readonly #byJob = new Map<JobId, Known>()

  /** `undefined`: nothing so far. */
  of({ id }: QueueJob): Known | undefined {
    return this.#byJob.size === 0 ? undefined : this.#byJob.get(id)
  }

  /** @param isOwn on its sender's own Mac, before its turn */
  begun(job: QueueJob, isOwn = false): void {
    // Else who is in one partition will not be looked at again.
    if (isOwn || job.partitions.length > 1) this.#known(job).begun++
  }

  kept(job: QueueJob, request: LineRequest, room: Room): void {
    if (job.partitions.length > 1) this.#known(job).kept.push({ request, room })
  }

  #known({ id }: QueueJob): Known {
    let known = this.#byJob.get(id)
    if (known === undefined) {
      known = { begun: 0, kept: [] }
      this.#byJob.set(id, known)
    }
    return known
  }
}
