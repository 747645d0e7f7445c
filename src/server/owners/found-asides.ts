import { publicText } from "../../presence/public-text.ts"
import type { FoundAttempt } from "../../protocol/agent-wire.ts"
import { FOR_JOB } from "../../protocol/aside-wire.ts"
import type { OwnerReason } from "../../protocol/owner.ts"
import type { FoundAside } from "../../protocol/owner-wire.ts"
import type { Core } from "../core.ts"
import { isCurrent } from "../jobs/close-attempt.ts"
import type { Tried } from "../jobs/job-table.ts"
import { asideKey } from "./aside-key.ts"
import { leavingReason, markContinued } from "./step-aside.ts"

/**
 * Counts how an attempt stepped aside while nobody heard its host, and tells of it as if it had been heard. What was counted before is
 * known by when it began. One that holds still is `reconcileSuspended`'s. Within a change.
 */
export function countFoundAsides(core: Core, tried: Tried, { asides = [] }: FoundAttempt): void {
  if (asides.length === 0) return
  const { stepAsides } = core.store
  const { id: attempt, hostId: host } = tried.attempt
  const known = new Map(stepAsides.ofAttempt(attempt).map((each) => [each.at, each]))
  const hasLeft = [...known.values()].some(({ vacated }) => vacated)
  for (const aside of asides) {
    const { endedAt, reactionMs, vacated } = aside
    const at = asideKey(core, tried, aside.at)
    if (endedAt === null || at === null) continue
    const before = known.get(at)
    if (before === undefined) {
      stepAsides.put({ host, attempt, at, endedAt, reactionMs, vacated })
      if (isOpen(tried)) tellStopped(core, tried, aside)
    } else if (before.endedAt === null) {
      stepAsides.end(attempt, endedAt, vacated)
      const { suspended } = tried.attempt
      if (aside.continuedMs !== null && suspended !== null && suspended.code !== FOR_JOB) {
        markContinued(core, tried, aside.continuedMs)
      }
    }
    if (aside.left !== undefined && !hasLeft && isOpen(tried)) tellLeaving(core, tried, aside.left)
  }
}

/** Whether its end is not known yet: what comes later is no news of its job any more. */
function isOpen(tried: Tried): boolean {
  const { state } = tried.attempt
  return isCurrent(tried) && (state === "starting" || state === "running" || state === "suspended")
}

function tellStopped(core: Core, { job, attempt }: Tried, aside: FoundAside): void {
  // It was asked to leave at once.
  if (aside.vacated && aside.endedAt === aside.at) return
  const { id, hostId: host, hostName } = attempt
  const head = { job: job.id, attempt: id, host, hostName }
  core.ledger.event({ type: "attempt_suspended", ...head, ...said(aside.why), reactionMs: aside.reactionMs })
  if (aside.continuedMs === null) return
  core.ledger.event({ type: "attempt_continued", ...head, suspendedMs: aside.continuedMs })
}

function tellLeaving(core: Core, { job, attempt }: Tried, { why, reactionMs }: NonNullable<FoundAside["left"]>): void {
  const { id, hostId: host, hostName } = attempt
  job.reason = leavingReason(hostName, why)
  core.ledger.jobChanged(job)
  core.ledger.event({ type: "attempt_vacating", job: job.id, attempt: id, host, hostName, ...said(why), reactionMs })
}

function said({ code, text }: OwnerReason): { readonly code: string; readonly reason: string } {
  return { code, reason: publicText(code, text) }
}
