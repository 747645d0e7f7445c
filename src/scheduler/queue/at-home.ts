import type { JobId } from "../../protocol/ids.ts"
import type { QueueScene, RunningAttempt } from "./queue-scene.ts"

/**
 * Which running jobs are on their sender's own Mac, where policy puts owners first and guests give way to them: no guest preempts these, as each would
 * drive the other off for ever. Of a job on several hosts one such host is enough, since it goes from all of them or none.
 */
export class AtHome {
  readonly #jobs = new Map<JobId, Set<number | null>>()

  constructor({ policy, hosts, running }: Pick<QueueScene, "policy" | "hosts" | "running">) {
    const { owners } = policy
    if (!owners.first || !owners.preempt) return
    const ownerOf = new Map(hosts.flatMap(({ id, owner }) => (owner === null ? [] : [[id, owner] as const])))
    if (ownerOf.size === 0) return
    for (const one of running) {
      if (!one.hosts.some((id) => ownerOf.get(id) === one.user)) continue
      const tasks = this.#jobs.get(one.job)
      if (tasks === undefined) this.#jobs.set(one.job, new Set([one.task]))
      else tasks.add(one.task)
    }
  }

  has({ job, task }: Pick<RunningAttempt, "job" | "task">): boolean {
    return this.#jobs.get(job)?.has(task) === true
  }
}
