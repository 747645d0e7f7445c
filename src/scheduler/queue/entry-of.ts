import { type Found, NOWHERE } from "./found.ts"
import type { Line } from "./line.ts"
import type { QueueEntry } from "./queue-plan.ts"
import type { QueueScene } from "./queue-scene.ts"

/** What was found at the turn of a line, as the plan tells it. */
export function entryOf(
  scene: QueueScene,
  turn: Line,
  found: Found,
  place: number,
  decision: number,
  ownersFirst = false,
): QueueEntry {
  const { task, room, isStart, preempts, reason, holds, isEstimate, behind = null, line = turn } = found
  return {
    job: line.id,
    task,
    partition: line.standing.partition.name,
    qos: line.standing.qos.name,
    priority: line.priority,
    place,
    decision,
    state: room === null || isEstimate ? "waits" : isStart ? "start" : "reserved",
    startMs: room?.startMs ?? null,
    endMs: room === null || line.limitMs === Number.POSITIVE_INFINITY ? null : room.startMs + line.limitMs,
    hosts: room === null ? NOWHERE : room.places.map((at) => scene.hosts[at]!.id),
    holds,
    ownersFirst: found.madeFirst !== true && (ownersFirst || found.ownersFirst === true),
    madeFirst: found.madeFirst === true,
    estimate: isEstimate,
    behind,
    preempts,
    reason,
  }
}
