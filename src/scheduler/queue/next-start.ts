import type { HostId } from "../../protocol/ids.ts"
import { Eligibility } from "./eligible.ts"
import { type Line, Lines } from "./line.ts"
import { QueuePass } from "./queue-pass.ts"
import type { QueueEntry } from "./queue-plan.ts"
import type { QueueScene } from "./queue-scene.ts"
import { Standings } from "./standings.ts"

/** The queue in its order, to be kept until jobs come or go, or priorities have moved on. */
export interface QueueOrder {
  readonly standings: Standings
  readonly lines: readonly Line[]
}

export function orderQueue(scene: QueueScene, nowMs: number): QueueOrder {
  const standings = new Standings(scene.policy)
  const eligibility = new Eligibility(scene, nowMs)
  const ready = scene.waiting.filter((job) => eligibility.reasonOf(job) === null)
  return { standings, lines: new Lines(scene, standings, nowMs).inOrder(ready) }
}

/**
 * The first start of the plan, without the rest of it: for when something has ended and all else was planned already. The same job and hosts
 * as the first start in the order of the queue of `planQueue`, as long as `order` is what it would be now, and owners could start nothing before on hosts that are not in
 * `freed`. It looks no further down the queue than to that start; where there is none, it looks at all.
 */
export function nextStart(
  scene: QueueScene,
  { standings, lines }: QueueOrder,
  nowMs: number,
  freed: ReadonlySet<HostId>,
): QueueEntry | null {
  const pass = new QueuePass(scene, standings, nowMs)
  if (scene.policy.owners.first) {
    const owners = new Set(scene.hosts.flatMap(({ id, owner }) => (freed.has(id) && owner !== null ? owner : [])))
    for (const [at, line] of lines.entries()) {
      if (!owners.has(line.spec.user)) continue
      const [found] = pass.visitOwn(line)
      if (found !== undefined) return pass.entryOf(line, found, at + 1, true)
    }
  }
  for (const [at, line] of lines.entries()) {
    for (const found of pass.visit(line)) {
      const entry = pass.entryOf(line, found, at + 1)
      if (entry.state === "start") return entry
    }
  }
  return null
}
