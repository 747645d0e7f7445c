import { Eligibility } from "./eligible.ts"
import { LeastNeeds } from "./least-needs.ts"
import { type Line, Lines } from "./line.ts"
import type { QueueScene } from "./queue-scene.ts"
import { Standings } from "./standings.ts"

/** The queue in its order, to be kept until jobs come or go, or priorities have moved on. */
export class QueueOrder {
  readonly standings: Standings
  readonly lines: readonly Line[]
  #least: LeastNeeds | undefined
  #lastInSeveral: number | undefined

  constructor(standings: Standings, lines: readonly Line[]) {
    this.standings = standings
    this.lines = lines
  }

  /** The same after some came or left: what is known of the others is not looked for again. */
  changedTo(lines: readonly Line[], came: readonly Line[]): QueueOrder {
    const order = new QueueOrder(this.standings, lines)
    order.#least = new LeastNeeds(lines, this.least)
    if (this.lastInSeveral === -1 && !came.some(isInSeveral)) order.#lastInSeveral = -1
    return order
  }

  get least(): LeastNeeds {
    this.#least ??= new LeastNeeds(this.lines)
    return this.#least
  }

  /** Where the last line of a job in several partitions stands; -1 where there is none. */
  get lastInSeveral(): number {
    this.#lastInSeveral ??= this.lines.findLastIndex(isInSeveral)
    return this.#lastInSeveral
  }
}

function isInSeveral({ asking }: Line): boolean {
  return asking.hasSeveralTurns
}

export function orderQueue(scene: QueueScene, nowMs: number): QueueOrder {
  const standings = new Standings(scene.policy)
  const ready = new Eligibility(scene, nowMs).ready()
  return new QueueOrder(standings, new Lines(scene, standings, nowMs).inOrder(ready))
}
