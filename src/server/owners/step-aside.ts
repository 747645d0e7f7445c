import { publicText } from "../../presence/public-text.ts"
import type { FoundAttempt } from "../../protocol/agent-wire.ts"
import { FOR_JOB } from "../../protocol/aside-wire.ts"
import type { Suspension } from "../../protocol/job.ts"
import { isForOwner } from "../../protocol/job-state.ts"
import type { OwnerReason } from "../../protocol/owner.ts"
import type { OwnerNews } from "../../protocol/owner-wire.ts"
import type { Core } from "../core.ts"
import { stepAside } from "../gang/member-end.ts"
import { isMember } from "../gang/members.ts"
import { isCurrent } from "../jobs/close-attempt.ts"
import type { Tried } from "../jobs/job-table.ts"
import { transition } from "../jobs/transition.ts"
import { forgetActivity } from "../notify/activity.ts"
import { isStoppedFor, stoppedForOf } from "../queue/stop-for.ts"
import { recordUse } from "../usage/record-use.ts"

type Stepped = Extract<OwnerNews, { type: "suspended" }>
type Vacating = Extract<OwnerNews, { type: "vacating" }>

/**
 * All of the attempt is stopped for the sake of people at its host. It keeps its memory; its cores and its GPU nobody uses. A
 * repeat changes nothing. Within a change.
 * @param reactionMs how long it took to stop it; `null`: nobody measured that
 */
export function markSuspended(
  core: Core,
  tried: Tried,
  why: OwnerReason,
  since: number,
  reactionMs: number | null,
): void {
  const { job, attempt } = tried
  const { code } = why
  const cause = code === "owner_here" ? "owner_returned" : "owner_policy"
  // Its command has not begun: the others do not wait for it.
  if (isCurrent(tried) && attempt.state === "starting" && isMember(attempt)) stepAside(core, job, attempt, cause)
  if (!isCurrent(tried) || attempt.state !== "running" || job.state !== "running") return
  const suspended: Suspension = { since, code, text: publicText(code, why.text) }
  attempt.state = "suspended"
  attempt.suspended = suspended
  core.ledger.attemptChanged(attempt)
  recordUse(core, tried)
  core.table.leaseChanged(tried)
  const { id, hostId: host, hostName } = attempt
  // Owners are told of what was done for their sake.
  if (code !== FOR_JOB) {
    core.store.stepAsides.put({ host, attempt: id, at: since, endedAt: null, reactionMs, vacated: false })
  }
  const reason = `suspended: ${suspended.text}`
  core.ledger.event({ type: "attempt_suspended", job: job.id, attempt: id, host, hostName, ...said(why), reactionMs })
  transition(core, job, "suspended", {
    reason: isMember(attempt) ? `${reason}; all its members are asked to end` : reason,
  })
  if (isMember(attempt)) stepAside(core, job, attempt, cause)
}

/**
 * An agent tells that an attempt is stopped; or that what is stopped already is so for another reason by now. That reason is kept with the
 * attempt and is no event: what brought it about (somebody paused, power went) is one where it matters. Within a change.
 */
export function noteSuspended(core: Core, tried: Tried, { why, reactionMs }: Stepped): void {
  const { job, attempt } = tried
  const before = attempt.suspended
  if (before === null || attempt.state !== "suspended") {
    markSuspended(core, tried, why, core.clock.now(), reactionMs ?? null)
    return
  }
  const suspended: Suspension = { since: before.since, code: why.code, text: publicText(why.code, why.text) }
  if (!isCurrent(tried) || job.state !== "suspended") return
  if (suspended.code === before.code && suspended.text === before.text) return
  attempt.suspended = suspended
  core.ledger.attemptChanged(attempt)
  if (before.code !== suspended.code) noteOwnersPart(core, tried, before, suspended)
  // One that was asked to leave says that.
  if (job.reason !== `suspended: ${before.text}`) return
  job.reason = `suspended: ${suspended.text}`
  core.ledger.jobChanged(job)
}

/** What is stopped for another job may come to be so for its host's owner, and the other way round: owners are told of the one part only. */
function noteOwnersPart(core: Core, { attempt }: Tried, was: Suspension, is: Suspension): void {
  const { id, hostId: host } = attempt
  const at = core.clock.now()
  if (was.code === FOR_JOB) {
    // It was stopped already, so nobody waited for that.
    const reactionMs = null
    core.store.stepAsides.put({ host, attempt: id, at, endedAt: null, reactionMs, vacated: false })
  } else if (is.code === FOR_JOB) core.store.stepAsides.end(id, at, false)
}

/** The attempt goes on. @param suspendedMs for how long it was stopped in all, as its host measured. Within a change. */
export function markContinued(core: Core, tried: Tried, suspendedMs: number): void {
  const { job, attempt } = tried
  if (!isCurrent(tried) || attempt.state !== "suspended" || job.state !== "suspended") return
  attempt.state = "running"
  attempt.suspended = null
  attempt.suspendedMs = suspendedMs
  forgetActivity(attempt)
  core.ledger.attemptChanged(attempt)
  recordUse(core, tried)
  core.table.leaseChanged(tried)
  core.store.stepAsides.end(attempt.id, core.clock.now(), false)
  const { id, hostId: host, hostName } = attempt
  core.ledger.event({ type: "attempt_continued", job: job.id, attempt: id, host, hostName, suspendedMs })
  transition(core, job, "running")
}

/** The attempt was asked to end for the sake of people at its host; its exit says the rest. A repeat changes nothing. Within a change. */
export function noteVacating(core: Core, tried: Tried, { why, reactionMs, at }: Vacating): void {
  const { job, attempt } = tried
  if (!isCurrent(tried) || (attempt.state !== "running" && attempt.state !== "suspended")) return
  const { id, hostId: host, hostName } = attempt
  const reason = `asked to leave ${hostName}: ${publicText(why.code, why.text)}`
  if (job.reason === reason) return
  if (attempt.suspended === null || attempt.suspended.code === FOR_JOB) {
    const now = Math.min(at, core.clock.now())
    core.store.stepAsides.put({ host, attempt: id, at: now, endedAt: now, reactionMs, vacated: true })
  } else core.store.stepAsides.end(id, core.clock.now(), true)
  job.reason = reason
  core.ledger.jobChanged(job)
  core.ledger.event({ type: "attempt_vacating", job: job.id, attempt: id, host, hostName, ...said(why), reactionMs })
}

/** Brings the record to what a host says at a new contact. Within a change. */
export function reconcileSuspended(core: Core, tried: Tried, found: FoundAttempt): void {
  const { attempt } = tried
  if (found.phase !== "running") return
  const { suspendedAt, suspendedMs = 0, reactionMs = null } = found
  if (suspendedAt === undefined) {
    if (attempt.state === "suspended") markContinued(core, tried, suspendedMs)
    else if (attempt.suspendedMs < suspendedMs && isCurrent(tried)) keepSuspendedMs(core, tried, suspendedMs)
    return
  }
  keepSuspendedMs(core, tried, suspendedMs)
  // Its clock may be another, and nothing is stopped before it began.
  const since = Math.min(core.clock.now(), Math.max(suspendedAt, attempt.startedAt ?? attempt.placedAt))
  const forJob = isStoppedFor(tried) === null ? undefined : stoppedForOf(tried)
  markSuspended(core, tried, forJob === undefined ? UNTOLD : { code: FOR_JOB, text: forJob.text }, since, reactionMs)
}

/** Why was told while nobody heard it. */
const UNTOLD: OwnerReason = { code: "presence_unknown", text: "for the sake of people there, while the link was down" }

/** The attempt has ended while it was stopped, or did not: what is stopped no longer is. Within a change. */
export function endSuspension(core: Core, { attempt }: Tried, endedAt: number): void {
  if (attempt.suspended === null) return
  attempt.suspendedMs += Math.max(0, endedAt - attempt.suspended.since)
  attempt.suspended = null
  core.store.stepAsides.end(attempt.id, endedAt, isForOwner(attempt.cause))
}

function keepSuspendedMs(core: Core, tried: Tried, suspendedMs: number): void {
  const { attempt } = tried
  if (attempt.suspendedMs === suspendedMs) return
  attempt.suspendedMs = suspendedMs
  core.ledger.attemptChanged(attempt)
  recordUse(core, tried)
}

function said({ code, text }: OwnerReason): { readonly code: string; readonly reason: string } {
  return { code, reason: publicText(code, text) }
}
