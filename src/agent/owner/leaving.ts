import type { AgentContext } from "../agent-context.ts"
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
    attempt.message ??= "It stepped aside: its owner has taken the Mac out of the pool"
    stopAttempt(context, attempt, { cause: "owner_policy", signal: order.stopSignal, graceMs })
  }
}
