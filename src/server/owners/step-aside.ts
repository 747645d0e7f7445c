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
import { asideKey } from "./aside-key.ts"

type Stepped = Extract<OwnerNews, { type: "suspended" }>
type Vacating = Extract<OwnerNews, { type: "vacating" }>

/**
 * All of the attempt is stopped for the sake of people at its host. It keeps its memory; its cores and its GPU nobody uses. A
 * repeat changes nothing. Within a change.
 * @param reactionMs how long it took to stop it; `null`: nobody measured that
 * @param asideAt which of its asides it is, as its host names it
 */
export function markSuspended(
  core: Core,
  tried: Tried,
  why: OwnerReason,
  since: number,
  reactionMs: number | null,
  asideAt?: number,
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
    const at = asideKey(core, tried, asideAt) ?? since
    core.store.stepAsides.put({ host, attempt: id, at, endedAt: null, reactionMs, vacated: false })
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
export function noteSuspended(core: Core, tried: Tried, { why, reactionMs, asideAt }: Stepped): void {
  const { job, attempt } = tried
  const before = attempt.suspended
  if (before === null || attempt.state !== "suspended") {
    markSuspended(core, tried, why, core.clock.now(), reactionMs ?? null, asideAt)
    return
  }
  const suspended: Suspension = { since: before.since, code: why.code, text: publicText(why.code, why.text) }
  if (!isCurrent(tried) || job.state !== "suspended") return
  if (suspended.code === before.code && suspended.text === before.text) return
  attempt.suspended = suspended
  core.ledger.attemptChanged(attempt)
  if (before.code !== suspended.code) noteOwnersPart(core, tried, before, suspended, asideAt)
  // One that was asked to leave says that.
  if (job.reason !== `suspended: ${before.text}`) return
  job.reason = `suspended: ${suspended.text}`
  core.ledger.jobChanged(job)
}

/** What is stopped for another job may come to be so for its host's owner, and the other way round: owners are told of the one part only. */
function noteOwnersPart(core: Core, tried: Tried, was: Suspension, is: Suspension, asideAt: number | undefined): void {
  const { id, hostId: host } = tried.attempt
  const now = core.clock.now()
  if (was.code === FOR_JOB) {
    const at = asideKey(core, tried, asideAt) ?? now
    // It was stopped already, so nobody waited for that.
    const reactionMs = null
    core.store.stepAsides.put({ host, attempt: id, at, endedAt: null, reactionMs, vacated: false })
  } else if (is.code === FOR_JOB) core.store.stepAsides.end(id, now, false)
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
export function noteVacating(core: Core, tried: Tried, { why, reactionMs, at, asideAt }: Vacating): void {
  const { job, attempt } = tried
  if (!isCurrent(tried) || (attempt.state !== "running" && attempt.state !== "suspended")) return
  const { id, hostId: host, hostName } = attempt
  const reason = leavingReason(hostName, why)
  if (job.reason === reason) return
  if (attempt.suspended === null || attempt.suspended.code === FOR_JOB) {
    const now = asideKey(core, tried, asideAt) ?? Math.min(at, core.clock.now())
    core.store.stepAsides.put({ host, attempt: id, at: now, endedAt: now, reactionMs, vacated: true })
  } else core.store.stepAsides.end(id, core.clock.now(), true)
  job.reason = reason
  core.ledger.jobChanged(job)
  core.ledger.event({ type: "attempt_vacating", job: job.id, attempt: id, host, hostName, ...said(why), reactionMs })
}

/** What a job says that is to leave a host for the sake of people there. */
export function leavingReason(hostName: string, { code, text }: OwnerReason): string {
  return `asked to leave ${hostName}: ${publicText(code, text)}`
}

/** Brings the record to what a host says at a new contact, once what it did meanwhile is counted. Within a change. */
export function reconcileSuspended(core: Core, tried: Tried, found: FoundAttempt): void {
  const { attempt } = tried
  const { suspendedAt, suspendedMs = 0, reactionMs = null } = found
  const last = found.asides?.at(-1)
  if (found.phase === "exited" && attempt.suspended === null && isCurrent(tried)) {
    if (attempt.state === "running" && attempt.suspendedMs < suspendedMs) keepSuspendedMs(core, tried, suspendedMs)
  }
  if (found.phase !== "running") return
  if (suspendedAt === undefined) {
    // It has let go what is to leave, so that it can.
    if (last?.vacated === true) return
    if (attempt.state === "suspended") markContinued(core, tried, suspendedMs)
    else if (attempt.suspendedMs < suspendedMs && isCurrent(tried)) keepSuspendedMs(core, tried, suspendedMs)
    return
  }
  keepSuspendedMs(core, tried, suspendedMs)
  // Its clock may be another, and nothing is stopped before it began.
  const since = Math.min(core.clock.now(), Math.max(suspendedAt, attempt.startedAt ?? attempt.placedAt))
  if (last?.endedAt === null) {
    markSuspended(core, tried, last.why, since, last.reactionMs, last.at)
    return
  }
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
