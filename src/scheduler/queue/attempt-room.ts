import type { Resources } from "../../protocol/resources.ts"
import type { QueueScene, RunningAttempt } from "./queue-scene.ts"

/** When what runs ends at the latest. Who is past its limit and still there will be so a moment longer. */
export function endOf({ startedMs, limitMs, leavesMs }: RunningAttempt, nowMs: number): number {
  return Math.max(leavesMs ?? (limitMs === null ? Number.POSITIVE_INFINITY : startedMs + limitMs), nowMs + 1)
}

/** What it holds on the host at this place. */
export function heldBy({ alone, hasSecrets, resources }: RunningAttempt, scene: QueueScene, place: number): Resources {
  return alone || hasSecrets ? totalOf(scene.hosts[place]!) : resources
}

/** What jobs may use in all just now: memory that others use is as if the host did not have it, since nobody knows for how long. */
export function totalOf({ total, memoryNowBytes }: QueueScene["hosts"][number]): Resources {
  if (memoryNowBytes === undefined || memoryNowBytes >= total.memoryBytes) return total
  return { ...total, memoryBytes: Math.max(0, memoryNowBytes) }
}
