import type { JobId } from "../../protocol/ids.ts"
import type { Preemption } from "../../scheduler/queue/queue-plan.ts"
import { preemptionText } from "../../scheduler/queue/reason-text.ts"
import type { Core } from "../core.ts"
import { latestOf } from "../gang/members.ts"
import { isCurrent } from "../jobs/close-attempt.ts"
import type { Tried } from "../jobs/job-table.ts"
import { sendStop } from "../jobs/reconcile.ts"
import { WINDFALL } from "../ledger.ts"
import { setStanding } from "./standing.ts"

/**
 * Asks attempts to end so that another job gets their place: with the grace that policy gives, else with the job's own. Requeued ones wait
 * again and keep their age. Suspending for other jobs is not done: those are requeued, and their reason says so. Within a change.
 */
export function preempt(core: Core, preemptions: readonly Preemption[]): void {
  const now = core.clock.now()
  for (const one of preemptions) {
    const tried = attemptOf(core, one)
    if (tried !== undefined) askToLeave(core, tried, one, now)
  }
}

/** Jobs for which others are on their way out. */
export function awaitedBy(core: Core): ReadonlySet<JobId> {
  const jobs = new Set<JobId>()
  for (const { record } of core.fleet.all()) {
    for (const { job, attempt } of core.table.onHost(record.id)) {
      const leaving = job.standing?.leaving
      if (leaving?.attempt === attempt.number && !attempt.swept) jobs.add(leaving.for)
    }
  }
  return jobs
}

function attemptOf(core: Core, { job, hosts }: Preemption): Tried | undefined {
  const [host] = hosts
  if (host === undefined) return undefined
  return core.table.onHost(host).find((tried) => tried.job.id === job && isCurrent(tried))
}

function askToLeave(core: Core, { job, attempt }: Tried, one: Preemption, now: number): void {
  if (job.state === "finishing" || job.stop !== null || job.standing?.leaving?.attempt === attempt.number) return
  const policyMs = one.graceEndsMs - now
  const graceMs = policyMs > 0 ? policyMs : job.spec.graceMs
  const leaving = { attempt: attempt.number, for: one.for, until: now + graceMs, graceMs }
  // Suspended for others it would wait beside them: not done yet.
  const told: Preemption = { ...one, mode: one.mode === "suspend" ? "requeue" : one.mode, graceEndsMs: now + graceMs }
  const instead = one.mode === "suspend" ? "; not suspended, which is not done for other jobs" : ""
  const text = `${preemptionText(told, now)}${instead}`
  setStanding(core, job, { leaving })
  if (one.mode === "cancel") {
    job.stop = { cause: "preempted", signal: job.spec.stopSignal, graceMs, at: now, by: WINDFALL }
  }
  job.reason = text
  core.ledger.jobChanged(job)
  core.ledger.event({ type: "job_changed", job: job.id, what: text })
  for (const one of latestOf(job)) sendStop(core, core.fleet.get(one.hostId), { job, attempt: one })
}
