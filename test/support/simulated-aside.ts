import type { SuspendFor } from "../../src/protocol/aside-wire.ts"
import type { SimulatedAttempt, SimulatedHost } from "./simulated-host.ts"

/** Stops or continues an attempt for another job, as its server says, and answers. */
export function suspendFor(host: SimulatedHost, attempt: SimulatedAttempt, { turn, for: job, text }: SuspendFor): void {
  const name = { attempt: attempt.order.attempt, sequence: attempt.order.sequence }
  const at = Date.now()
  const { suspendedAt, suspendedMs = 0 } = attempt.suspended ?? {}
  if (job !== null) {
    attempt.suspended = { ...attempt.suspended, suspendedAt: suspendedAt ?? at }
    host.tell({ type: "suspended", ...name, at, why: { code: "preempted", text }, reactionMs: 0 })
  } else if (suspendedAt !== undefined) {
    attempt.suspended = { suspendedMs: suspendedMs + at - suspendedAt }
    host.tell({ type: "continued", ...name, at, suspendedMs: suspendedMs + at - suspendedAt })
  }
  host.tell({ type: "suspended-for", ...name, turn })
}
