import type { HostId } from "../../protocol/ids.ts"
import { Eligibility } from "./eligible.ts"
import { LeastNeeds, OpenHosts } from "./least-needs.ts"
import { type Line, Lines } from "./line.ts"
import { QueuePass } from "./queue-pass.ts"
import type { QueueEntry } from "./queue-plan.ts"
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
  const eligibility = new Eligibility(scene, nowMs)
  const ready = scene.waiting.filter((job) => eligibility.reasonOf(job) === null)
  const lines = new Lines(scene, standings, nowMs).inOrder(ready)
  return { standings, lines, least: new LeastNeeds(lines) }
}

/**
 * The first start of the plan, without the rest of it: for when something has ended and all else was planned already. The same job and hosts
 * as the first start in the order of the queue of `planQueue`, as long as `order` is what it would be now, and owners could start nothing before on hosts that are not in
 * `freed`. It looks no further down the queue than to that start, or to where no host has room for anything further down.
 */
export function nextStart(
  scene: QueueScene,
  order: QueueOrder,
  nowMs: number,
  freed: ReadonlySet<HostId>,
): QueueEntry | null {
  for (const entry of startsOf(scene, order, nowMs, freed)) if (entry.state === "start") return entry
  return null
}

/**
 * All starts and preemptions of the plan, without times and reasons for who waits: the same jobs, hosts and victims as in `planQueue`, as long as
 * `order` is what it would be now. It stops where no host has room for anything further down. Places (`place`) count lines.
 */
export function planStarts(scene: QueueScene, order: QueueOrder, nowMs: number): readonly QueueEntry[] {
  return [...startsOf(scene, order, nowMs, null)]
}

/** @param freed hosts where owners may start something; `null`: all */
function* startsOf(
  scene: QueueScene,
  { standings, lines, least }: QueueOrder,
  nowMs: number,
  freed: ReadonlySet<HostId> | null,
): Generator<QueueEntry> {
  const pass = new QueuePass(scene, standings, nowMs)
  if (scene.policy.owners.first) {
    const owners = new Set(
      scene.hosts.flatMap(({ id, owner }) => (owner !== null && freed?.has(id) !== false ? owner : [])),
    )
    for (const [at, line] of lines.entries()) {
      if (!owners.has(line.spec.user)) continue
      for (const found of pass.visitOwn(line)) yield pass.entryOf(line, found, at + 1, true)
    }
  }
  const open = new OpenHosts(scene, pass.profiles, least)
  for (const [at, line] of lines.entries()) {
    // Whoever may preempt needs no room.
    if (!pass.mayMakeRoom && !open.takeAnyFrom(at)) return
    for (const found of pass.visit(line)) {
      if (found.room === null) continue
      const entry = pass.entryOf(line, found, at + 1)
      if (entry.state === "start" || entry.preempts.length > 0) yield entry
    }
  }
}
