import type { RunningAttempt } from "../../scheduler/queue/queue-scene.ts"

/**
 * Members of one attempt as the one thing they are to the scheduler, which counts and preempts them together. Where they do not hold the
 * same (one host has no GPU), those that do are one.
 */
export function asWholes(
  running: readonly (RunningAttempt & { readonly number: number })[],
): readonly RunningAttempt[] {
  const wholes = new Map<string, RunningAttempt>()
  for (const { number, ...one } of running) {
    const { memoryBytes, gpus, cores } = one.resources
    const key = [one.job, one.task, number, memoryBytes, gpus, cores].join(" ")
    const known = wholes.get(key)
    wholes.set(key, known === undefined ? one : together(known, one))
  }
  return [...wholes.values()]
}

function together(a: RunningAttempt, b: RunningAttempt): RunningAttempt {
  const leavesMs = a.leavesMs === null || b.leavesMs === null ? null : Math.max(a.leavesMs, b.leavesMs)
  return {
    ...a,
    hosts: [...a.hosts, ...b.hosts],
    submittedMs: Math.min(a.submittedMs, b.submittedMs),
    startedMs: Math.max(a.startedMs, b.startedMs),
    leavesMs,
  }
}
