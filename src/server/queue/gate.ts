import type { JobId } from "../../protocol/ids.ts"
import { isFinal } from "../../protocol/job-state.ts"
import type { WaitReason } from "../../scheduler/queue/queue-plan.ts"
import { readDependency } from "../../scheduler/request/dependency.ts"
import { dependencyState, type Progress, type Tasks } from "../../scheduler/request/dependency-state.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import { queueAskedOf, timeLimitOf } from "./standing.ts"

export type GateReason = Extract<
  WaitReason,
  { code: "held" | "begin_time" | "dependency" | "dependency_never" | "deadline" }
>

/**
 * Whether a job may stand in the queue. open: it may. shut: not yet. over: it never will, and ends. `untilMs`: when to look again although
 * nothing happened; `null`: never.
 */
export type Gate =
  | { readonly state: "open"; readonly untilMs: number | null }
  | { readonly state: "shut"; readonly reason: GateReason; readonly untilMs: number | null }
  | { readonly state: "over"; readonly reason: GateReason }

/** What keeps a job that waits out of the queue: a hold, its time, what it depends on, its deadline. With and without a policy. */
export function gateOf(core: Core, job: JobRecord, nowMs: number): Gate {
  const { beginAt, deadlineAt, after } = queueAskedOf(job)
  const lastStart = deadlineAt === null ? null : deadlineAt - (timeLimitOf(job) ?? 0)
  if (deadlineAt !== null && lastStart !== null && lastStart < nowMs) {
    const limitMs = timeLimitOf(job) ?? 0
    return { state: "over", reason: { code: "deadline", deadlineMs: deadlineAt, limitMs } }
  }
  // At the last moment it may still start; a millisecond later it is over.
  const overAt = lastStart === null ? null : lastStart + 1
  const shut = (reason: GateReason, untilMs: number | null = null): Gate => ({
    state: "shut",
    reason,
    untilMs: earlier(untilMs, overAt),
  })
  const dependency = after === null || job.state !== "held" ? null : stateOf(core, job, after, nowMs)
  if (dependency?.state === "never") {
    return { state: "over", reason: { code: "dependency_never", because: dependency.because } }
  }
  const hold = job.standing?.hold
  if (hold !== undefined) return shut({ code: "held", by: hold })
  if (beginAt !== null && beginAt > nowMs) return shut({ code: "begin_time", untilMs: beginAt }, beginAt)
  if (dependency?.state === "waiting") {
    return shut({ code: "dependency", on: dependency.on, untilMs: dependency.dueMs }, dependency.dueMs)
  }
  return { state: "open", untilMs: overAt }
}

function stateOf(core: Core, job: JobRecord, after: string, nowMs: number) {
  return dependencyState(
    readDependency(after),
    {
      tasksOf: (id) => tasksOf(core, id),
      unfinishedNamesakes: namesakesOf(core, job),
      taskIndex: null,
    },
    nowMs,
  )
}

function tasksOf(core: Core, id: number): Tasks | undefined {
  const job = core.table.gates.endedOf(id) ?? core.table.live(id as JobId) ?? core.store.jobs.get(id as JobId)
  return job === undefined ? undefined : new Map([[null, progressOf(job)]])
}

function progressOf({ state, startedAt, endedAt }: JobRecord): Progress {
  if (!isFinal(state)) return { startedMs: startedAt, outcome: null }
  return { startedMs: startedAt ?? endedAt, outcome: state === "succeeded" ? "succeeded" : "failed" }
}

function namesakesOf(core: Core, { id, user, spec }: JobRecord): readonly number[] {
  if (spec.name === null) return []
  const found: number[] = []
  for (const other of core.table.all()) {
    if (other.id < id && other.user === user && other.spec.name === spec.name && !isFinal(other.state))
      found.push(other.id)
  }
  return found
}

function earlier(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other)
}
