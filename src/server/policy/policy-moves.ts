import type { MovedJobView, PlannedView } from "../../protocol/policy-api.ts"
import type { Policy } from "../../scheduler/policy/policy.ts"
import { comparePlans } from "../../scheduler/queue/compare-plans.ts"
import { planQueue } from "../../scheduler/queue/plan-queue.ts"
import type { QueueEntry } from "../../scheduler/queue/queue-plan.ts"
import { reasonText } from "../../scheduler/queue/reason-text.ts"
import type { Core } from "../core.ts"
import { namesOf } from "../queue/job-names.ts"
import { sceneOf } from "../queue/scene.ts"
import { sceneNow } from "../queue/scene-now.ts"
import { withKeptOut } from "./kept-out.ts"

/** Moved jobs that are told. */
const MOST_MOVES = 1_000
/** With more who wait, times that nothing is kept for are not reckoned. */
const MOST_ESTIMATED = 5_000

export interface PolicyMoves {
  /** The plan as it is. */
  readonly entries: readonly QueueEntry[]
  readonly moves: readonly MovedJobView[]
}

/**
 * Waiting jobs, those that are kept out of the queue among them, for which another policy plans otherwise just now: both plans are made of the pool as it is, as the server itself plans. Nothing is changed.
 * Without a policy that holds the first one is that of first come, first served.
 */
export function policyMoves(core: Core, policy: Policy): PolicyMoves {
  const nowMs = core.clock.now()
  const before = withKeptOut(core, sceneNow(core, nowMs))
  const after = withKeptOut(core, sceneOf(core, policy, nowMs))
  if (before.waiting.length === 0) return { entries: [], moves: [] }
  const estimates = before.waiting.length <= MOST_ESTIMATED
  const names = new Map<string, string>(before.hosts.map(({ id, name }) => [id, name]))
  const nameOf = (host: string) => names.get(host) ?? host
  const view = (entry: QueueEntry | null): PlannedView | null => {
    if (entry === null) return null
    const { place, state, startMs, estimate, hosts, preempts, reason } = entry
    return {
      place,
      state,
      startAt: startMs,
      estimate,
      hosts: hosts.map(nameOf),
      preempts: preempts.map(({ job }) => job),
      code: reason?.code ?? "starting",
      reason: reason === null ? "starts now" : reasonText(reason, nowMs, namesOf(core)),
    }
  }
  const plan = planQueue(before, nowMs, { estimates })
  const moves = comparePlans(plan, planQueue(after, nowMs, { estimates }), nameOf)
    .slice(0, MOST_MOVES)
    .map((change) => ({
      job: change.job,
      before: view(change.before),
      after: view(change.after),
      words: change.words,
    }))
  return { entries: plan.entries, moves }
}
