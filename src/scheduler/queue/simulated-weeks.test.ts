import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { Random } from "../../../test/faults/random.ts"
import { FifoStrategy } from "../../../test/support/simulation/fifo-strategy.ts"
import { generateLab } from "../../../test/support/simulation/generate-lab.ts"
import { generateWork } from "../../../test/support/simulation/generate-work.ts"
import { DAY_MS } from "../../../test/support/simulation/lab.ts"
import { slurmLikePolicy, windfallPolicy } from "../../../test/support/simulation/lab-policies.ts"
import { learnedView } from "../../../test/support/simulation/learned-view.ts"
import { QueueStrategy } from "../../../test/support/simulation/queue-strategy.ts"
import { LAB_FROM_MS, MONTH_MS, simulateLab } from "../../../test/support/simulation/simulate-lab.ts"
import type { Decision, HostState } from "../../../test/support/simulation/simulation.ts"
import { planQueue } from "./plan-queue.ts"
import type { QueueEntry } from "./queue-plan.ts"
import type { QueueScene } from "./queue-scene.ts"

const SINCE_MS = LAB_FROM_MS - MONTH_MS
const TO_MS = LAB_FROM_MS + 7 * DAY_MS
/** Of so many plans one is looked at closely. */
const ONE_OF = 15

/** Holds what it decides against the whole plan. */
class CheckedStrategy extends QueueStrategy {
  checked = 0
  #plans = 0
  readonly #random = new Random(7)

  override decide(hosts: readonly HostState[], nowMs: number): readonly Decision[] {
    const decisions = super.decide(hosts, nowMs)
    if (this.#plans++ % ONE_OF === 0) {
      this.checked++
      const scene = this.sceneOf(hosts, nowMs)
      const { entries } = planQueue(scene, nowMs)
      const starts = entries
        .filter(({ state }) => state === "start")
        .map(({ job, task, hosts: on }) => [job, task, ...on].join(" "))
      const decided = decisions.map(({ task, host }) =>
        [task.job.id, task.job.workMs.length > 1 ? task.index : null, host].join(" "),
      )
      assert.deepEqual(decided.sort(), starts.sort())
      delaysNobody(scene, nowMs, entries, this.#random.between(0, scene.waiting.length))
    }
    return decisions
  }
}

/** The first of the queue have the same starts, times and places without those behind them. */
function delaysNobody(scene: QueueScene, nowMs: number, entries: readonly QueueEntry[], cut: number): void {
  const first = entries.filter(({ place }) => place !== null && place <= cut)
  // Whoever goes first on their own Mac is not behind anybody.
  const own = entries.filter(({ ownersFirst, place }) => ownersFirst && (place ?? 0) > cut)
  const kept = new Set([...first, ...own].map(({ job }) => job))
  const alone = planQueue({ ...scene, waiting: scene.waiting.filter(({ id }) => kept.has(id)) }, nowMs)
  // Whether an owner's job stays at home, or goes elsewhere, may be a matter of who is behind: a time is then only said to be `or later`.
  const brief = (all: readonly QueueEntry[]) =>
    all
      .filter(({ job }) => first.some((one) => one.job === job))
      .map(({ place: _, reason: __, behind: ___, ...entry }) => entry)
  assert.deepEqual(brief(alone.entries), brief(first))
}

describe("a week of a simulated lab", () => {
  const lab = generateLab(3, SINCE_MS, TO_MS)
  const work = generateWork(3, lab, LAB_FROM_MS, TO_MS, { load: 1.1 })

  it("have starts as the whole plan has them, which delay nobody who stands before them", () => {
    for (const [policy, view] of [
      [slurmLikePolicy(lab), undefined],
      [windfallPolicy(lab), learnedView(lab, SINCE_MS)],
    ] as const) {
      // The lane is for who has nothing short running, so who is left out of the queue would change it.
      const strategy = new CheckedStrategy("checked", { ...policy, shortLane: null }, LAB_FROM_MS, view)
      const { waits } = simulateLab(lab, work, strategy, TO_MS)
      assert.ok(strategy.checked > 50)
      assert.ok(waits.tasks > 500)
    }
  })

  it("come out the same each time, and disturb owners less where their weeks were learned", () => {
    const learned = () => new QueueStrategy("learned", windfallPolicy(lab), LAB_FROM_MS, learnedView(lab, SINCE_MS))
    const report = simulateLab(lab, work, learned(), TO_MS)
    assert.deepEqual(simulateLab(lab, work, learned(), TO_MS), report)
    const plain = simulateLab(lab, work, new QueueStrategy("plain", windfallPolicy(lab), LAB_FROM_MS), TO_MS)
    assert.ok(report.suspended < plain.suspended, `${report.suspended} and ${plain.suspended}`)
    const fifo = simulateLab(lab, work, new FifoStrategy(), TO_MS)
    assert.ok(report.userError < fifo.userError, `${report.userError} and ${fifo.userError}`)
  })
})
