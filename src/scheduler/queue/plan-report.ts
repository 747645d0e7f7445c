import type { Priority } from "../priority/priority.ts"
import { explainEntry, type HostAnswer } from "./explain-entry.ts"
import { HoldsExplained } from "./holds-explained.ts"
import { Lines } from "./line.ts"
import { Occupancy } from "./occupancy.ts"
import type { QueueEntry, QueuePlan } from "./queue-plan.ts"
import type { QueueJob, QueueScene } from "./queue-scene.ts"
import { sparedText } from "./spared-text.ts"
import { Standings } from "./standings.ts"

/** Answers what people ask about a plan, one job at a time: the sum of its priority, and host by host what keeps it off. */
export class PlanReport {
  readonly #lines: Lines
  readonly #standings: Standings
  readonly #occupancy: Occupancy
  readonly #holds: HoldsExplained
  readonly #jobs: ReadonlyMap<number, QueueJob>

  constructor(scene: QueueScene, plan: QueuePlan) {
    this.#standings = new Standings(scene.policy)
    this.#lines = new Lines(scene, this.#standings, plan.nowMs)
    this.#occupancy = new Occupancy(scene, plan)
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
    const line = this.#lines.lineOf(job, entry.partition)
    const answers = explainEntry(this.#occupancy, this.#holds, job, entry, line.limitMs)
    // Who starts preempts whom it may.
    if (entry.state === "start" || entry.preempts.length > 0) return answers
    const { scene, grid } = this.#occupancy
    return answers.map((one) => {
      if (one.obstacles.length === 0) return one
      return { ...one, text: `${one.text}${sparedText(scene, this.#standings, line, one.host, grid.nowMs)}` }
    })
  }
}
