import { isFinal } from "../../protocol/job-state.ts"
import type { WaitReason } from "../../scheduler/queue/queue-plan.ts"
import { jobsNamedIn } from "../../scheduler/request/after-words.ts"
import { readDependency } from "../../scheduler/request/dependency.ts"
import { dependencyState, type Tasks } from "../../scheduler/request/dependency-state.ts"
import type { ArrayRecord } from "../../store/array-record.ts"
import type { JobRecord } from "../../store/job-record.ts"
import { goesTaskByTask, jobOf } from "../arrays/correspond.ts"
import { arrayProgress } from "../arrays/progress.ts"
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
  // A task's was met when it began; where each task of an array has its own, it keeps these out one by one.
  const isOwn = after !== null && job.task === undefined && !goesTaskByTask(job)
  const dependency = isOwn && job.state === "held" ? stateOf(core, job, after, nowMs) : null
  if (dependency?.state === "never") {
    return { state: "over", reason: { code: "dependency_never", because: dependency.because } }
  }
  const hold = job.standing?.hold
  if (hold !== undefined) return shut({ code: "held", by: hold })
  if (beginAt !== null && beginAt > nowMs) return shut({ code: "begin_time", untilMs: beginAt }, beginAt)
  if (dependency?.state === "waiting") {
    return shut({ code: "dependency", on: dependency.on, untilMs: dependency.dueMs }, dependency.dueMs)
  }
  const kept = job.array === undefined ? null : unbegunReason(job.array, after)
  return kept === null ? { state: "open", untilMs: overAt } : shut(kept)
}

/** Why an array waits none of whose tasks may begin. */
function unbegunReason({ waiting, held, blocked }: ArrayRecord, after: string | null): GateReason | null {
  if (waiting.size > 0) return null
  if (blocked.size > 0)
    return { code: "dependency", on: [...jobsNamedIn(readDependency(after ?? ""))].map(String), untilMs: null }
  if (held.user.size > 0) return { code: "held", by: "user" }
  return held.admin.size > 0 ? { code: "held", by: "admin" } : null
}

function stateOf(core: Core, job: JobRecord, after: string, nowMs: number) {
  return dependencyState(
    readDependency(after),
    {
      tasksOf: (id) => tasksOf(core, id, after),
      unfinishedNamesakes: namesakesOf(core, job),
      taskIndex: null,
    },
    nowMs,
  )
}

function tasksOf(core: Core, id: number, after: string): Tasks | undefined {
  const job = jobOf(core, id)
  if (job === undefined) return undefined
  const named = readDependency(after).terms.flatMap((term) => (term.kind === "singleton" ? [] : term.jobs))
  return arrayProgress(
    core,
    job,
    named.flatMap((one) => (one.job === id && one.task !== null ? one.task : [])),
  )
}

/** Unfinished jobs of its user and name that were sent before. Tasks go with their array. */
export function namesakesOf(core: Core, { id, user, spec }: JobRecord): readonly number[] {
  if (spec.name === null) return []
  const found: number[] = []
  for (const other of core.table.all()) {
    if (other.task !== undefined || other.id >= id) continue
    if (other.user === user && other.spec.name === spec.name && !isFinal(other.state)) found.push(other.id)
  }
  return found
}

/** Of two moments, of which `null` is never. */
export function earlier(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other)
}
