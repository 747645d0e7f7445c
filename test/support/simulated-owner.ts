import type { ServerMessage } from "../../src/protocol/agent-wire.ts"
import type { JobId } from "../../src/protocol/ids.ts"
import type { HostObstacle, HostPresence, OwnerReason } from "../../src/protocol/owner.ts"
import type { SimulatedAttempt, SimulatedHost } from "./simulated-host.ts"

export const HERE: HostObstacle = {
  code: "owner_here",
  text: "somebody is at it: keyboard or mouse in use",
  until: null,
}

/** Tells who is at a simulated host, as its agent would. */
export function seesPeople(
  host: SimulatedHost,
  state: HostPresence["state"],
  obstacles: readonly HostObstacle[] = state === "here" ? [HERE] : [],
): void {
  const at = Date.now()
  host.tell({ type: "presence", presence: { at, state, since: at, text: `${state} (seen)`, obstacles } })
}

/** Stops what runs there of a job, and tells. */
export function suspend(host: SimulatedHost, job: JobId, why: OwnerReason = HERE, reactionMs = 300): void {
  const attempt = attemptOf(host, job)
  const at = Date.now()
  attempt.suspended = { suspendedAt: at }
  host.tell({ type: "suspended", ...nameOf(attempt), at, why: { code: why.code, text: why.text }, reactionMs })
}

/** Tells that another reason keeps it stopped now. */
export function explain(host: SimulatedHost, job: JobId, why: OwnerReason): void {
  host.tell({ type: "suspended", ...nameOf(attemptOf(host, job)), at: Date.now(), why, reactionMs: 0 })
}

export function resume(host: SimulatedHost, job: JobId, suspendedMs: number): void {
  const attempt = attemptOf(host, job)
  attempt.suspended = { suspendedMs }
  host.tell({ type: "continued", ...nameOf(attempt), at: Date.now(), suspendedMs })
}

/** Asks what runs there of a job to leave, and it does. */
export function vacate(host: SimulatedHost, job: JobId, why: OwnerReason, reactionMs = 300): void {
  const attempt = attemptOf(host, job)
  host.tell({ type: "vacating", ...nameOf(attempt), at: Date.now(), why, reactionMs })
  host.finish(attempt, { cause: "owner_returned", signal: 15 })
}

/** Resolves with what the host is told next of its owner. */
export function nextOwner(host: SimulatedHost): Promise<Extract<ServerMessage, { type: "owner" }>> {
  return new Promise((resolve) => {
    const { hear } = host
    host.hear = (channel, message) => {
      hear.call(host, channel, message)
      if (message.type !== "owner") return
      host.hear = hear
      resolve(message)
    }
  })
}

/** The latest there of a job. */
export function attemptOf(host: SimulatedHost, job: JobId): SimulatedAttempt {
  const found = [...host.attempts.values()].findLast(({ order }) => order.job === job)
  if (found === undefined) throw new TypeError(`nothing of job ${job} is there`)
  return found
}

function nameOf({ order }: SimulatedAttempt) {
  return { attempt: order.attempt, sequence: order.sequence } as const
}
