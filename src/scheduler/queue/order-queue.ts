import { Eligibility } from "./eligible.ts"
import { LeastNeeds } from "./least-needs.ts"
import { type Line, Lines } from "./line.ts"
import type { QueueScene } from "./queue-scene.ts"
import { Standings } from "./standings.ts"

/** The queue in its order, to be kept until jobs come or go, or priorities have moved on. */
export interface QueueOrder {
  readonly standings: Standings
  readonly lines: readonly Line[]
  readonly least: LeastNeeds
}

export function orderQueue(scene: QueueScene, nowMs: number): QueueOrder {
  const standings = new Standings(scene.policy)
  const ready = new Eligibility(scene, nowMs).ready()
  const lines = new Lines(scene, standings, nowMs).inOrder(ready)
  return { standings, lines, least: new LeastNeeds(lines) }
}
