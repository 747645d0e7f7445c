import type { JobId } from "../../protocol/ids.ts"
import type { Policy } from "../../scheduler/policy/policy.ts"
import type { QueueJob } from "../../scheduler/queue/queue-scene.ts"
import type { WaitingJob } from "../../scheduler/snapshot.ts"
import type { Core } from "../core.ts"
import { waitingJob } from "./scene.ts"

interface Known {
  readonly waiting: WaitingJob
  readonly job: QueueJob
}

/**
 * Waiting jobs as the plan by policy sees them, from pass to pass: the same object as long as the job has not changed. Each change of a job is
 * said to the ledger, and what keeps it waiting is another object then.
 */
export class KeptJobs {
  readonly #core: Core
  #policy: Policy | undefined
  readonly #known = new Map<JobId, Known>()

  constructor(core: Core) {
    this.#core = core
    core.ledger.watchJobs(({ id }) => this.#known.delete(id))
  }

  all(policy: Policy): QueueJob[] {
    const { table } = this.#core
    if (policy !== this.#policy) this.#known.clear()
    this.#policy = policy
    const jobs: QueueJob[] = []
    for (const waiting of table.waiting()) {
      const known = this.#known.get(waiting.id)
      const job = known?.waiting === waiting && !policy.priority.neverFalls ? known.job : this.#make(policy, waiting)
      if (job !== undefined) jobs.push(job)
    }
    if (this.#known.size > jobs.length) {
      for (const id of this.#known.keys()) if (table.waitingJob(id) === undefined) this.#known.delete(id)
    }
    return jobs
  }

  #make(policy: Policy, waiting: WaitingJob): QueueJob | undefined {
    const record = this.#core.table.live(waiting.id)
    if (record === undefined) return undefined
    const job = waitingJob(policy, record, waiting)
    this.#known.set(waiting.id, { waiting, job })
    return job
  }
}
