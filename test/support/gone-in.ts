import type { QueueEntry } from "../../src/scheduler/queue/queue-plan.ts"
import type { QueueScene } from "../../src/scheduler/queue/queue-scene.ts"

/** By job, who is preempted, and who was on the way out, or stopped, before for one that gets the place; with what becomes of it. */
export function goneIn(
  { running }: QueueScene,
  entries: readonly QueueEntry[],
): ReadonlyMap<number, { readonly mode: string }> {
  const gone = new Map<number, { readonly mode: string }>()
  const awaited = new Set<number | null | undefined>()
  for (const { job, reason } of entries) if (reason?.code === "preempting") awaited.add(job)
  const get = new Set<number | null>(entries.flatMap(({ job, state }) => (state === "start" ? [job] : [])))
  for (const { job, leavesMs, leavesFor, stoppedFor = null } of running) {
    if (leavesMs !== null && awaited.has(leavesFor)) gone.set(job, { mode: "requeue" })
    if (stoppedFor !== null && (awaited.has(stoppedFor) || get.has(stoppedFor))) gone.set(job, { mode: "suspend" })
  }
  for (const { preempts } of entries) for (const one of preempts) gone.set(one.job, one)
  return gone
}
