import { existsSync } from "node:fs"
import { publicText } from "../../presence/public-text.ts"
import { isForOwner } from "../../protocol/job-state.ts"
import type { OwnerReason } from "../../protocol/owner.ts"
import type { AgentContext } from "../agent-context.ts"
import type { Attempt } from "../attempt.ts"
import { stopAttempt } from "../stopping.ts"

/** As in ssh/leave.sh: what a job may take to end that asked for longer. */
const MOST_GRACE_MS = 60_000

/**
 * Asks all that is here to end, as the owner takes the Mac out of the pool. `leave` asks the supervisors by itself; but only who knows that an
 * attempt is to end lets it go on where it is stopped for the owner's sake, all of it, and stops it no more while it has its grace.
 */
export function stopForGood(context: AgentContext): void {
  for (const attempt of [...context.attempts.values()]) {
    const { order, stop, status, disowned } = attempt
    if (order === null || stop !== null || status !== null || disowned) continue
    const graceMs = Math.min(order.graceMs, MOST_GRACE_MS)
    stopAttempt(context, attempt, { cause: "owner_policy", signal: order.stopSignal, graceMs })
  }
}

/** To be called once it is known how an attempt ended: where that was for `leave`, which writes no words down, the attempt says so. */
export function noteLeft(context: AgentContext, attempt: Attempt): void {
  const { leftFor } = attempt.suspension
  // An agent before this one may have said why.
  if (leftFor !== null && isForOwner(attempt.status?.cause ?? null)) attempt.message ??= asideText(leftFor)
  if (attempt.status?.cause !== "owner_policy" || !existsSync(context.folder.leaving)) return
  attempt.message ??= "It stepped aside: its host was taken out of the pool, there"
}

/** What an attempt says that ended for the sake of people at its host. */
export function asideText({ code, text }: OwnerReason): string {
  return `It stepped aside: ${publicText(code, text)}`
}
