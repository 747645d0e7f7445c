import { turnOf } from "../../src/scheduler/queue/occupancy.ts"
import type { QueueEntry, QueuePlan } from "../../src/scheduler/queue/queue-plan.ts"
import type { QueueJob, QueueScene } from "../../src/scheduler/queue/queue-scene.ts"

/** Its own limit, or else its partition's; Infinity for none. */
export function limitIn({ policy }: QueueScene, job: QueueJob, partition: string): number {
  const rules = policy.partitions.find(({ name }) => name === partition)
  return job.limitMs ?? rules?.defaultTimeMs ?? Number.POSITIVE_INFINITY
}

/** All that was decided when it was the job's turn in a partition, with what was kept then for jobs that have another place in the end. */
export function foundAtTurn(
  { hosts }: QueueScene,
  { entries, otherTurns }: QueuePlan,
  entry: QueueEntry,
  partition: string,
): readonly QueueEntry[] {
  const isHere = partition === entry.partition
  const other = otherTurns.get(entry.job)?.orders.get(partition)
  const order = (isHere ? turnOf(entry) : other) ?? Number.POSITIVE_INFINITY
  const ahead = entries.filter((one) => turnOf(one) < order)
  for (const [job, { keptMeanwhile }] of otherTurns) {
    for (const { order: fromOrder, untilOrder, limitMs, room, holds } of keptMeanwhile) {
      if (fromOrder >= order || order > untilOrder) continue
      const like = entries.find((one) => one.job === job)!
      if (room === null) ahead.push({ ...like, state: "waits", hosts: [], holds })
      else {
        const on = room.places.map((place) => hosts[place]!.id)
        const endMs = limitMs === Number.POSITIVE_INFINITY ? null : room.startMs + limitMs
        ahead.push({ ...like, state: "reserved", hosts: on, startMs: room.startMs, endMs, holds: [] })
      }
    }
  }
  return ahead
}
