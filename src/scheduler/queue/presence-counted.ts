import type { HostId, JobId } from "../../protocol/ids.ts"
import { planQueue } from "./plan-queue.ts"
import type { QueueEntry } from "./queue-plan.ts"
import type { QueueScene } from "./queue-scene.ts"

/** A host on which no start is planned up to a moment, as it is usually taken then. */
export interface PresenceCounted {
  readonly host: HostId
  readonly untilMs: number
}

/**
 * On which hosts' usual times the time of a waiting job rests: none, where the plan would say the same of it if nobody were expected anywhere. Of a
 * job that has no time now, those of hosts where it would have one without.
 * @param entry what the plan with estimates says of it
 */
export function presenceCounted(scene: QueueScene, nowMs: number, entry: QueueEntry): readonly PresenceCounted[] {
  if (scene.hosts.every(({ expected }) => expected.length === 0)) return []
  const without = { ...scene, hosts: scene.hosts.map((host) => ({ ...host, expected: [] })) }
  const other = planQueue(without, nowMs, { estimates: true }).entries.find(({ job }) => job === entry.job)
  if (other === undefined || isSameTime(other, entry)) return []
  const startMs = entry.startMs ?? other.startMs ?? nowMs
  return scene.hosts.flatMap(({ id, expected, partitions }) => {
    if (!partitions.includes(entry.partition) || !isWanted(scene, entry.job, id)) return []
    // The last that lies before its start is the one that the start keeps clear of.
    const time = expected.findLast(({ startMs: fromMs, endMs }) => fromMs <= startMs && endMs > nowMs)
    return time === undefined ? [] : { host: id, untilMs: time.endMs }
  })
}

function isSameTime(a: QueueEntry, b: QueueEntry): boolean {
  return a.startMs === b.startMs && a.hosts.join() === b.hosts.join()
}

function isWanted({ waiting, hosts }: QueueScene, job: JobId, id: HostId): boolean {
  const wanted = waiting.find((one) => one.id === job)?.hostsWanted ?? null
  const name = hosts.find((host) => host.id === id)?.name ?? id
  return wanted === null || wanted.includes(id) || wanted.includes(name)
}
