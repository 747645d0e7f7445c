import { Eligibility } from "./eligible.ts"
import { Lines } from "./line.ts"
import { QueueOrder } from "./order-queue.ts"
import type { QueueJob, QueueScene } from "./queue-scene.ts"
import { Standings } from "./standings.ts"

/** For so long priorities hold that were reckoned. Slurm's hold for five minutes (PriorityCalcPeriod). */
const PRIORITIES_HOLD_MS = 30_000

/** So many that are new are looked for among all before one by one. */
const FEW = 8

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
  /** Who stood there then. */
  #ready: readonly QueueJob[] = []

  /** @param scene whose `policy` and `fairShares` are the same objects as before where they did not change */
  orderOf(scene: QueueScene, nowMs: number): QueueOrder {
    const basis = basisOf(scene)
    if (!this.#isFresh(nowMs) || !isAlike(basis, this.#basis)) {
      this.reckonedMs = nowMs
      this.#basis = basis
      this.#order = undefined
    }
    const before = this.#order
    const ready = new Eligibility(scene, nowMs).ready()
    const standings = before?.standings ?? new Standings(scene.policy)
    const lines = new Lines(scene, standings, this.reckonedMs)
    // In the short lane it depends on all others which lines go first.
    if (scene.policy.shortLane !== null) return new QueueOrder(standings, lines.inOrder(ready))
    this.#order =
      before === undefined ? new QueueOrder(standings, lines.inOrder(ready)) : this.#changed(before, lines, ready)
    this.#ready = ready
    return this.#order
  }

  #changed(before: QueueOrder, lines: Lines, ready: readonly QueueJob[]): QueueOrder {
    const { came, left } = changesOf(this.#ready, ready)
    if (came.length === 0 && left.size === 0) return before
    const more = lines.of(came)
    return before.changedTo(lines.withMore(lines.without(before.lines, left), more), more)
  }

  #isFresh(nowMs: number): boolean {
    return nowMs >= this.reckonedMs && nowMs < this.reckonedMs + PRIORITIES_HOLD_MS
  }
}

interface Changes {
  readonly came: readonly QueueJob[]
  readonly left: ReadonlySet<QueueJob>
}

/** Who is there now and was not, and the other way round; who has changed, or stands elsewhere among the others, may be both. */
function changesOf(before: readonly QueueJob[], now: readonly QueueJob[]): Changes {
  const came: QueueJob[] = []
  const left = new Set<QueueJob>()
  let known: ReadonlySet<QueueJob> | undefined
  let next = 0
  for (const job of now) {
    if (before[next] === job) {
      next++
      continue
    }
    if (came.length === FEW) known = new Set(before)
    const at = known?.has(job) === false ? -1 : before.indexOf(job, next)
    if (at === -1) came.push(job)
    else {
      for (; next < at; next++) left.add(before[next]!)
      next++
    }
  }
  for (; next < before.length; next++) left.add(before[next]!)
  return { came, left }
}

/** All besides the jobs and the time that priorities are made from. */
function basisOf({ policy, fairShares, hosts, pieces }: QueueScene): readonly unknown[] {
  const sizes = hosts.flatMap(({ total, partitions }) => [total.memoryBytes, total.gpus, total.cores, ...partitions])
  return [policy, fairShares, ...Object.entries(pieces).flat(), ...sizes]
}

function isAlike(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some.length === others.length && some.every((each, at) => each === others[at])
}
