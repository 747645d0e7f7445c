import type { JobId } from "../../protocol/ids.ts"
import type { Preemption, QueueEntry } from "../../scheduler/queue/queue-plan.ts"
import { preemptionText } from "../../scheduler/queue/reason-text.ts"
import type { Core } from "../core.ts"
import { isEnding } from "../gang/member-end.ts"
import { isMember, latestOf } from "../gang/members.ts"
import { isCurrent } from "../jobs/close-attempt.ts"
import type { Tried } from "../jobs/job-table.ts"
import { sendStop } from "../jobs/reconcile.ts"
import { WINDFALL } from "../ledger.ts"
import { namesOf } from "./job-names.ts"
import { noteRoomAsked } from "./room-asked.ts"
import { leavesAt } from "./scene.ts"
import { setStanding } from "./standing.ts"
import { isStoppedFor, stopFor, wasInVain } from "./stop-for.ts"

/**
 * Asks attempts to end so that another job gets their place: with the grace that policy gives, else with the job's own. Requeued ones wait
 * again and keep their age. Those that can stay beside it in memory are stopped instead, where policy says so. What they make room for is kept for it.
 * Within a change.
 *
 * @param entry of the job that gets their place
 */
export function preempt(core: Core, entry: QueueEntry): void {
  const now = core.clock.now()
  let goneMs: number | null = null
  for (const one of entry.preempts) {
    const tried = attemptOf(core, one)
    if (tried === undefined || isOnItsWayOut(tried)) continue
    if (one.mode === "suspend" && wasInVain(tried, now)) continue
    if (one.mode === "suspend") stopFor(core, tried, one, now)
    else askToLeave(core, tried, one, now)
    goneMs = Math.max(goneMs ?? now, leavesAt(tried, now) ?? now)
  }
  if (goneMs !== null) noteRoomAsked(core, entry, goneMs)
}

/** Jobs for which others are on their way out. */
export function awaitedBy(core: Core): ReadonlySet<JobId> {
  const jobs = new Set<JobId>()
  for (const { record } of core.fleet.all()) {
    for (const { job, attempt } of core.table.onHost(record.id)) {
      const leaving = job.standing?.leaving
      if (leaving?.attempt === attempt.number && !attempt.swept) jobs.add(leaving.for)
      const stopped = isStoppedFor({ job, attempt })
      if (stopped !== null && job.standing?.stoppedFor?.done === false) jobs.add(stopped)
    }
  }
  return jobs
}

function attemptOf(core: Core, { job, hosts }: Preemption): Tried | undefined {
  const [host] = hosts
  if (host === undefined) return undefined
  return core.table.onHost(host).find((tried) => tried.job.id === job && isCurrent(tried))
}

function isOnItsWayOut({ job, attempt }: Tried): boolean {
  const isEnded = isMember(attempt) ? job.state === "finishing" || isEnding(job) : attempt.state === "finishing"
  return isEnded || job.stop !== null || job.standing?.leaving?.attempt === attempt.number
}

function askToLeave(core: Core, { job, attempt }: Tried, one: Preemption, now: number): void {
  const policyMs = one.graceEndsMs - now
  const graceMs = policyMs > 0 ? policyMs : job.spec.graceMs
  const leaving = {
    attempt: attempt.number,
    for: one.for,
    until: now + graceMs,
    graceMs,
    text: preemptionText({ ...one, graceEndsMs: now }, now, namesOf(core)),
  }
  const text = preemptionText({ ...one, graceEndsMs: now + graceMs }, now, namesOf(core))
  setStanding(core, job, { leaving })
  if (one.mode === "cancel") {
    job.stop = { cause: "preempted", signal: job.spec.stopSignal, graceMs, at: now, by: WINDFALL }
  }
  job.reason = text
  core.ledger.jobChanged(job)
  core.ledger.event({ type: "job_changed", job: job.id, what: text })
  for (const one of latestOf(job)) sendStop(core, core.fleet.get(one.hostId), { job, attempt: one })
}
