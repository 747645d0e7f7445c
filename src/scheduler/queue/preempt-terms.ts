import type { Grid } from "../calendar/grid.ts"
import type { Policy } from "../policy/policy.ts"
import type { Line } from "./line.ts"
import type { NotSuspended, Preemption } from "./queue-plan.ts"
import type { RunningAttempt } from "./queue-scene.ts"
import type { Standing } from "./standings.ts"

/** How a job may be preempted by another one. */
export interface PreemptTerms {
  readonly by: Preemption["by"]
  readonly mode: Preemption["mode"]
  readonly graceMs: number
  /** It is let be until it has run for so long. */
  readonly minimumRunMs: number
  /** It may run only once: where it cannot be suspended it is let be. */
  readonly mustStay: boolean
  /** Policy would suspend it, and this forbids that whatever room there is: it is requeued instead. */
  readonly notSuspended: NotSuspended | null
}

/** Where a job runs that another one would preempt there. */
export interface PreemptedWhere {
  /** Of the host. */
  readonly owner: string | null
  /** It is on its sender's own Mac, there or with another of its hosts, as `AtHome` says. */
  readonly isAtHome: boolean
}

/**
 * By what right the line may preempt what runs on a host, and how that is done; `null`: it may not. A job that may run only once is not
 * requeued, as it would have failed then: it is suspended where policy says so and it can be, or cancelled, and else let be.
 */
export function preemptTerms(
  policy: Policy,
  line: Line,
  attempt: RunningAttempt,
  standing: Standing,
  where: PreemptedWhere,
): PreemptTerms | null {
  const { preemption } = policy
  const by = rightTo(policy, line, attempt, standing, where)
  const { qos, partition } = standing
  const asked = qos.preemptMode ?? partition.preemptMode ?? preemption.mode
  const notSuspended = asked === "suspend" ? whyNeverSuspended(line, attempt) : null
  const mode = notSuspended === null ? asked : "requeue"
  const mayRunOnce = attempt.once === true
  if (by === null || mode === "off" || (mayRunOnce && mode === "requeue")) return null
  return {
    by,
    mode,
    graceMs: qos.graceMs ?? partition.graceMs ?? preemption.graceMs,
    minimumRunMs: by === "owner" ? 0 : (qos.minimumRunMs ?? preemption.minimumRunMs),
    mustStay: mayRunOnce && mode === "suspend",
    notSuspended,
  }
}

/**
 * Whether it is for `--once` alone that the line may not preempt it: it would be requeued, be it that it cannot stay where it is to be suspended.
 * @param couldStay whether it could, stopped, beside the line
 */
export function isSparedForOnce(
  policy: Policy,
  line: Line,
  attempt: RunningAttempt,
  standing: Standing,
  where: PreemptedWhere,
  couldStay: () => boolean,
): boolean {
  if (attempt.once !== true) return false
  const terms = preemptTerms(policy, line, { ...attempt, once: false }, standing, where)
  return terms?.mode === "requeue" || (terms?.mode === "suspend" && !couldStay())
}

/** Whether it is for its sender's own Mac alone that the line may not preempt it. */
export function isSparedAtHome(
  policy: Policy,
  line: Line,
  attempt: RunningAttempt,
  standing: Standing,
  where: PreemptedWhere,
): boolean {
  const isFree = () => preemptTerms(policy, line, attempt, standing, { ...where, isAtHome: false }) !== null
  return where.isAtHome && preemptTerms(policy, line, attempt, standing, where) === null && isFree()
}

function whyNeverSuspended({ spec }: Line, attempt: RunningAttempt): NotSuspended | null {
  const { hosts, nodes = hosts.length, hasSecrets, user } = attempt
  // A member that is stopped on one host would be waited for by all the others.
  if (nodes > 1) return "several_hosts"
  // Secrets are kept apart from other users' processes, also from stopped ones: any process of the account could let these go on.
  return (spec.hasSecrets || hasSecrets) && spec.user !== user ? "secrets" : null
}

function rightTo(
  { owners, preemption }: Policy,
  line: Line,
  attempt: RunningAttempt,
  standing: Standing,
  where: PreemptedWhere,
): Preemption["by"] | null {
  const { user } = line.spec
  const isOthers = attempt.user !== user
  if (owners.first && owners.preempt && where.owner === user && isOthers) return "owner"
  if (where.isAtHome && isOthers) return null
  if (preemption.by === "tier" && line.standing.partition.tier > standing.partition.tier) return "tier"
  return preemption.by === "qos" && line.standing.qos.preempts.includes(standing.qos.name) ? "qos" : null
}

/** What was stopped for a job gives way to it as long as that has not started. */
export const STOPPED: PreemptTerms = {
  mode: "suspend",
  by: "qos",
  graceMs: 0,
  minimumRunMs: 0,
  mustStay: true,
  notSuspended: null,
}

/** So does what is on its way out for it. What should be gone by now and is not may be there to the end of the step. */
export function leavingTerms(leavesMs: number, grid: Grid): PreemptTerms {
  const goneMs = leavesMs > grid.nowMs ? leavesMs : grid.msOf(grid.stepOf(grid.nowMs) + 1)
  const graceMs = goneMs - grid.nowMs
  return { mode: "requeue", by: "qos", graceMs, minimumRunMs: 0, mustStay: false, notSuspended: null }
}
