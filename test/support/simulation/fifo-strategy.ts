import type { JobId } from "../../../src/protocol/ids.ts"
import { plan } from "../../../src/scheduler/plan.ts"
import type { WaitingJob } from "../../../src/scheduler/snapshot.ts"
import { hostOf } from "./queue-hosts.ts"
import type { Attempt, Decision, HostState, Strategy, Task } from "./simulation.ts"

/** Jobs in the order in which they were sent, as `plan()` has it: no later one ever delays an earlier one. Arrays are so many jobs. */
export class FifoStrategy implements Strategy {
  readonly name = "FIFO"
  readonly #tasks = new Map<JobId, Task>()
  /** In the order of submission. */
  #waiting: WaitingJob[] = []

  waits(task: Task): void {
    const id = task.unit as JobId
    this.#tasks.set(id, task)
    const { user, memoryBytes, gpus, cores } = task.job
    const job: WaitingJob = {
      id,
      user,
      resources: { memoryBytes, gpus, cores },
      partition: "apple_gpu",
      hostWanted: null,
      hasSecrets: false,
      data: [],
      notBeforeMs: null,
    }
    // Who comes again goes where it stood.
    const at = this.#waiting.findLastIndex((other) => other.id < id) + 1
    this.#waiting.splice(at, 0, job)
  }

  starts({ task }: Attempt): void {
    this.#waiting = this.#waiting.filter(({ id }) => id !== task.unit)
  }

  decide(hosts: readonly HostState[], nowMs: number): readonly Decision[] {
    const leases = hosts.flatMap(({ host, attempts }) =>
      [...attempts].map(({ task, resources }) => {
        const { user } = task.job
        return { job: task.unit as JobId, host: host.id, resources, user, hasSecrets: false, expectedEndMs: null }
      }),
    )
    const { starts } = plan({ hosts: hosts.map((state) => hostOf(state)), waiting: this.#waiting, leases }, nowMs)
    return starts.map(({ job, host }) => ({ task: this.#tasks.get(job)!, host, preempts: [] }))
  }
}
