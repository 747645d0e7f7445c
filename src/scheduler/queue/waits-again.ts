import type { Policy } from "../policy/policy.ts"
import { taskIndices, tasksOfIndices } from "../request/array-tasks.ts"
import type { QueueJob, QueueScene, RunningAttempt } from "./queue-scene.ts"

/**
 * Who waits once these run no more: all who waited, and those again who made room for others, where policy has it so.
 * Of what those asked for only that is known which they had: in what partitions they may run besides, and what their users made of their priority, is not.
 * @param stillMs for so long the ages of those who wait have stood still
 */
export function waitingAfter(
  { policy, waiting }: QueueScene,
  gone: readonly RunningAttempt[],
  stillMs: number,
): readonly QueueJob[] {
  if (gone.length === 0) return waiting
  const byJob = Map.groupBy(gone, ({ job }) => job)
  const still = waiting.map((job) => {
    const mine = byJob.get(job.id)
    if (job.array === null || mine === undefined) return job
    byJob.delete(job.id)
    const { tasks } = job.array
    const again = mine.flatMap((one) => (one.task !== null && waitsAgain(policy, one) ? one.task : []))
    const all =
      again.length === 0 ? tasks : tasksOfIndices([...taskIndices(tasks), ...again].sort(byNumber), tasks.atOnce)
    return { ...job, array: { ...job.array, tasks: all, running: job.array.running - mine.length } }
  })
  const back = [...byJob.values()].flat().filter((one) => waitsAgain(policy, one))
  return [...still, ...back.map((one) => asJob(policy, one, stillMs))]
}

/** It makes room for another, and is not cancelled for that. */
function waitsAgain({ qos, partitions, preemption }: Policy, one: RunningAttempt): boolean {
  if ((one.leavesFor ?? null) === null || one.once === true) return false
  const mode =
    qos.find(({ name }) => name === one.qos)?.preemptMode ??
    partitions.find(({ name }) => name === one.partition)?.preemptMode ??
    preemption.mode
  return mode !== "cancel"
}

function asJob({ priority }: Policy, one: RunningAttempt, stillMs: number): QueueJob {
  const { job, name, user, account, qos, partition, alone, pieces, hasSecrets, submittedMs, limitMs } = one
  return {
    ...{ id: job, name, user, account, qos, alone, pieces, hasSecrets, submittedMs, limitMs },
    partitions: [partition],
    resources: one.resources,
    hosts: one.nodes ?? one.hosts.length,
    hostsWanted: one.hostsWanted ?? null,
    accruesSinceMs: priority.slurmAge ? null : submittedMs + stillMs,
    ...{ beginMs: null, deadlineMs: null, hold: null, dependency: null, booking: null, data: [] },
    ...{ priority: null, nice: 0, site: 0, expedited: false, interactive: one.interactive ?? false, array: null },
  }
}

function byNumber(a: number, b: number): number {
  return a - b
}
