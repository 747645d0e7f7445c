import type { JobId } from "../../protocol/ids.ts"
import { Eligibility } from "./eligible.ts"
import { LeastNeeds } from "./least-needs.ts"
import { Lines } from "./line.ts"
import type { QueueOrder } from "./order-queue.ts"
import type { QueueJob, QueueScene } from "./queue-scene.ts"
import { Standings } from "./standings.ts"

/** For so long priorities hold that were reckoned. Slurm's hold for five minutes (PriorityCalcPeriod). */
const PRIORITIES_HOLD_MS = 30_000

interface Known {
  readonly job: QueueJob
  /** The last pass in which it stood in the queue. */
  seen: number
}

/**
 * The queue in its order from pass to pass: who came is put in, who left is taken out, and the others stay as they are for as long as the
 * priorities hold. It is the order that would be made anew of who stands in the queue now, with the priorities of {@link reckonedMs}. It takes
 * a job for changed when it is another object.
 */
export class KeptOrder {
  /** The moment for which all priorities are. */
  reckonedMs = Number.NEGATIVE_INFINITY
  #basis: readonly unknown[] = []
  #order: QueueOrder | undefined
  #pass = 0
  readonly #known = new Map<JobId, Known>()

  /** @param scene whose `policy` and `fairShares` are the same objects as before where they did not change */
  orderOf(scene: QueueScene, nowMs: number): QueueOrder {
    const basis = basisOf(scene)
    if (!this.#isFresh(nowMs) || !isAlike(basis, this.#basis)) {
      this.reckonedMs = nowMs
      this.#basis = basis
      this.#order = undefined
      this.#known.clear()
    }
    const standings = this.#order?.standings ?? new Standings(scene.policy)
    const lines = new Lines(scene, standings, this.reckonedMs)
    const ready = new Eligibility(scene, nowMs).ready()
    const came = this.#note(ready)
    const before = this.#order
    if (before !== undefined && came.length === 0 && this.#known.size === ready.length) return before
    const stays = before === undefined ? [] : before.lines.filter(({ spec }) => this.#stands(spec))
    if (this.#known.size > ready.length)
      for (const [id, { seen }] of this.#known) if (seen < this.#pass) this.#known.delete(id)
    // In the short lane it depends on all others which lines go first.
    const sorted = scene.policy.shortLane === null ? lines.sorted([...stays, ...lines.of(came)]) : lines.inOrder(ready)
    const order = { standings, lines: sorted, least: new LeastNeeds(sorted) }
    this.#order = scene.policy.shortLane === null ? order : undefined
    return order
  }

  #isFresh(nowMs: number): boolean {
    return nowMs >= this.reckonedMs && nowMs < this.reckonedMs + PRIORITIES_HOLD_MS
  }

  /** @returns those that did not stand there before as they are now */
  #note(ready: readonly QueueJob[]): QueueJob[] {
    this.#pass++
    const came: QueueJob[] = []
    for (const job of ready) {
      const known = this.#known.get(job.id)
      if (known?.job === job) known.seen = this.#pass
      else {
        this.#known.set(job.id, { job, seen: this.#pass })
        came.push(job)
      }
    }
    return came
  }

  #stands(job: QueueJob): boolean {
    const known = this.#known.get(job.id)
    return known?.job === job && known.seen === this.#pass
  }
}

/** All besides the jobs and the time that priorities are made from. */
function basisOf({ policy, fairShares, hosts, pieces }: QueueScene): readonly unknown[] {
  const sizes = hosts.flatMap(({ total, partitions }) => [total.memoryBytes, total.gpus, total.cores, ...partitions])
  return [policy, fairShares, ...Object.entries(pieces).flat(), ...sizes]
}

function isAlike(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some.length === others.length && some.every((each, at) => each === others[at])
}
