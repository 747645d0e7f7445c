import type { JobId } from "../../protocol/ids.ts"
import type { Policy } from "../../scheduler/policy/policy.ts"
import type { QueueJob } from "../../scheduler/queue/queue-scene.ts"
import type { WaitingJob } from "../../scheduler/snapshot.ts"
import type { Core } from "../core.ts"
import { waitingJob } from "./scene.ts"

interface Known {
  readonly waiting: WaitingJob
  /** Of the ledger. */
  readonly changes: number
  readonly job: QueueJob
  /** The last pass in which it waited. */
  seen: number
}

/**
 * Waiting jobs as the plan by policy sees them, from pass to pass: the same object as long as the job has not changed. Each change of a job is
 * said to the ledger, and what keeps it waiting is another object then.
 */
export class KeptJobs {
  readonly #core: Core
  #policy: Policy | undefined
  #pass = 0
  readonly #known = new Map<JobId, Known>()

  constructor(core: Core) {
    this.#core = core
  }

  all(policy: Policy): QueueJob[] {
    const { table, ledger } = this.#core
    if (policy !== this.#policy) this.#known.clear()
    this.#policy = policy
    this.#pass++
    const jobs: QueueJob[] = []
    for (const waiting of table.waiting()) {
      const record = table.live(waiting.id)
      if (record === undefined) continue
      const changes = ledger.changesOf(record)
      let known = this.#known.get(waiting.id)
      if (known?.waiting !== waiting || known.changes !== changes) {
        known = { waiting, changes, job: waitingJob(policy, record, waiting), seen: 0 }
        this.#known.set(waiting.id, known)
      }
      known.seen = this.#pass
      jobs.push(known.job)
    }
    if (this.#known.size > jobs.length) {
      for (const [id, { seen }] of this.#known) if (seen < this.#pass) this.#known.delete(id)
    }
    return jobs
  }

  /** As of the last pass. */
  get(id: JobId): QueueJob | undefined {
    return this.#known.get(id)?.job
  }
}
