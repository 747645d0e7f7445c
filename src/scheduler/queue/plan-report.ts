import { BY_NUMBER, type JobNames } from "../job-names.ts"
import type { Priority } from "../priority/priority.ts"
import { explainEntry, type HostAnswer, type TurnIn } from "./explain-entry.ts"
import { HoldsExplained } from "./holds-explained.ts"
import { Lines } from "./line.ts"
import { Occupancy } from "./occupancy.ts"
import type { QueueEntry, QueuePlan, WaitReason } from "./queue-plan.ts"
import type { QueueJob, QueueScene } from "./queue-scene.ts"
import { leavingText, sparedText } from "./spared-text.ts"
import { Standings } from "./standings.ts"

/** Answers what people ask about a plan, one job at a time: the sum of its priority, and host by host what keeps it off. */
export class PlanReport {
  readonly #lines: Lines
  readonly #standings: Standings
  readonly #occupancy: Occupancy
  readonly #holds: HoldsExplained
  readonly #turns: QueuePlan["otherTurns"]
  readonly #nameOf: JobNames
  readonly #jobs: ReadonlyMap<number, QueueJob>

  /** @param nameOf how jobs are called in words */
  constructor(scene: QueueScene, plan: QueuePlan, nameOf: JobNames = BY_NUMBER) {
    this.#nameOf = nameOf
    this.#standings = new Standings(scene.policy)
    this.#lines = new Lines(scene, this.#standings, plan.nowMs)
    this.#occupancy = new Occupancy(scene, plan)
    this.#turns = plan.otherTurns
    this.#holds = new HoldsExplained(scene, plan, this.#lines, this.#occupancy)
    this.#jobs = new Map(scene.waiting.map((job) => [job.id, job]))
  }

  jobOf({ job }: QueueEntry): QueueJob {
    return this.#jobs.get(job)!
  }

  priorityOf(entry: QueueEntry): Priority {
    return this.#lines.tableOf(this.#lines.lineOf(this.jobOf(entry), entry.partition))
  }

  /** In the order of the scene's hosts. */
  hostsOf(entry: QueueEntry): readonly HostAnswer[] {
    const job = this.jobOf(entry)
    const partitions = [entry.partition, ...job.partitions.filter((one) => one !== entry.partition)]
    const turns = partitions.map((partition) => this.#turnIn(job, entry, partition))
    const nameOf = this.#nameOf
    const answers = explainEntry(this.#occupancy, this.#holds, job, turns, isForRoom(entry.reason), nameOf)
    const { scene } = this.#occupancy
    if (entry.reason?.code === "preempting")
      return answers.map((one) => ({ ...one, text: `${one.text}${leavingText(scene, job.id, one.host, nameOf)}` }))
    // Who starts preempts whom it may.
    if (entry.state === "start" || entry.preempts.length > 0) return answers
    const lines = new Map(partitions.map((partition) => [partition, this.#lines.lineOf(job, partition)]))
    return answers.map((one) => {
      if (one.obstacles.length === 0) return one
      const line = lines.get(one.partition)!
      const { order } = turns.find(({ partition }) => partition === one.partition)!
      return {
        ...one,
        text: `${one.text}${sparedText(this.#occupancy, this.#standings, line, one.host, order, nameOf)}`,
      }
    })
  }

  #turnIn(job: QueueJob, entry: QueueEntry, partition: string): TurnIn {
    const { limitMs } = this.#lines.lineOf(job, partition)
    const turns = this.#turns.get(job.id)
    if (partition === entry.partition) {
      // Of several it is said on its hosts which one it is that keeps it off.
      const reason = entry.state === "waits" && !entry.estimate ? (turns?.reasons.get(partition) ?? null) : null
      return { partition, limitMs, order: this.#occupancy.orderOf(entry), reason }
    }
    const order = turns?.orders.get(partition) ?? Number.POSITIVE_INFINITY
    return { partition, limitMs, order, reason: turns?.reasons.get(partition) ?? null }
  }
}

/** Whether it waits for nothing but room on hosts. */
function isForRoom(reason: WaitReason | null): boolean {
  return reason !== null && (reason.code === "resources" || reason.code === "priority" || "away" in reason)
}
