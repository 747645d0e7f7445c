import { Eligibility } from "./eligible.ts"
import { type Line, Lines } from "./line.ts"
import { QueuePass } from "./queue-pass.ts"
import type { QueueEntry, QueuePlan } from "./queue-plan.ts"
import type { QueueJob, QueueOptions, QueueScene } from "./queue-scene.ts"
import { Standings } from "./standings.ts"

/**
 * The whole plan for a queue at a moment: who starts where, for whom what is kept from when on, who is preempted, and why each other job
 * waits. Pure: the same scene and moment give the same plan. Eligible, then limits, then in order of the queue a start, a reservation or a
 * reason, each as early as those before leave room; no start delays a reservation of who stands before it. Without backfill nobody starts
 * before who waits in the same partition.
 */
export function planQueue(scene: QueueScene, nowMs: number, { estimates = false }: QueueOptions = {}): QueuePlan {
  const standings = new Standings(scene.policy)
  const lines = new Lines(scene, standings, nowMs)
  const eligibility = new Eligibility(scene, nowMs)
  const apart: QueueEntry[] = []
  const ready: QueueJob[] = []
  for (const job of scene.waiting) {
    const reason = eligibility.reasonOf(job)
    if (reason === null) ready.push(job)
    else apart.push(apartEntry(lines.lineOf(job, job.partitions[0]!), reason))
  }
  const pass = new QueuePass(scene, standings, nowMs)
  const order = lines.inOrder(ready)
  const byJob = new Map<number, readonly QueueEntry[]>()
  if (scene.policy.owners.first) {
    for (const [at, line] of order.entries()) {
      const found = pass.visitOwn(line)
      if (found.length > 0)
        byJob.set(
          line.job,
          found.map((one) => pass.entryOf(line, one, at + 1, true)),
        )
    }
  }
  const beyond: [line: Line, at: number][] = []
  for (const [at, line] of order.entries()) {
    const found = pass.visit(line).map((one) => pass.entryOf(line, one, at + 1))
    const known = byJob.get(line.job)
    if (found.length > 0 && (known === undefined || isBetter(found, known))) byJob.set(line.job, found)
    else if (found.length > 0 && known !== undefined && !isBetter(known, found))
      byJob.set(line.job, holdingBoth(known, found))
    if (found[0]?.state === "waits" && hasNoTimeYet(found[0])) beyond.push([line, at])
  }
  if (estimates) {
    for (const [line, at] of beyond) {
      const [entry] = byJob.get(line.job) ?? []
      const room = entry?.state === "waits" ? pass.estimate(line) : null
      if (entry === undefined || room === null) continue
      const guess = pass.entryOf(line, { task: entry.task, room, preempts: [], reason: entry.reason }, at + 1)
      byJob.set(line.job, [{ ...guess, holds: entry.holds, state: "waits", estimate: true }])
    }
  }
  const entries = [...numbered([...byJob.values()]), ...apart.sort((a, b) => a.job - b.job)]
  return { nowMs, entries, nextWakeMs: nextWakeMs(scene, entries, nowMs, pass.preemptor.nextMs) }
}

function hasNoTimeYet({ reason }: QueueEntry): boolean {
  return ["in_turn", "resources", "priority", "pieces"].some((code) => code === reason?.code)
}

/** A job with several partitions: the first place, unless another one has a better answer. */
function isBetter(found: readonly QueueEntry[], known: readonly QueueEntry[]): boolean {
  const rank = ([entry]: readonly QueueEntry[]) => (entry?.state === "start" ? 2 : entry?.state === "reserved" ? 1 : 0)
  return rank(found) > rank(known)
}

/** It holds its place in each of its partitions as long as it has a time in none. */
function holdingBoth(known: readonly QueueEntry[], found: readonly QueueEntry[]): readonly QueueEntry[] {
  const more = found.at(-1)!.holds
  if (more.length === 0) return known
  return known.map((entry, at) =>
    at === known.length - 1 ? { ...entry, holds: [...new Set([...entry.holds, ...more])] } : entry,
  )
}

/** Places count jobs, not lines. */
function numbered(jobs: readonly (readonly QueueEntry[])[]): readonly QueueEntry[] {
  return [...jobs]
    .sort((a, b) => a[0]!.place! - b[0]!.place!)
    .flatMap((entries, at) => entries.map((entry) => ({ ...entry, place: at + 1 })))
}

function apartEntry(line: Line, reason: NonNullable<QueueEntry["reason"]>): QueueEntry {
  return {
    job: line.spec.id,
    task: null,
    partition: line.standing.partition.name,
    qos: line.standing.qos.name,
    priority: line.priority,
    place: null,
    state: "waits",
    startMs: null,
    endMs: null,
    hosts: [],
    holds: [],
    ownersFirst: false,
    estimate: false,
    preempts: [],
    reason,
  }
}

function nextWakeMs(
  scene: QueueScene,
  entries: readonly QueueEntry[],
  nowMs: number,
  preemptMs: number,
): number | null {
  let nextMs = preemptMs
  const note = (ms: number | null) => {
    if (ms !== null && ms > nowMs && ms < nextMs) nextMs = ms
  }
  for (const { state, startMs, reason } of entries) {
    if (state === "reserved") note(startMs)
    if (reason !== null && "untilMs" in reason) note(reason.untilMs)
  }
  for (const { startMs, endMs } of scene.bookings) {
    note(startMs)
    note(endMs)
  }
  for (const { ownerObstacles } of scene.hosts) for (const { until } of ownerObstacles) note(until)
  return nextMs === Number.POSITIVE_INFINITY ? null : nextMs
}
