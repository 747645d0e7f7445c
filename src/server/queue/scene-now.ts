import type { Policy } from "../../scheduler/policy/policy.ts"
import type { QueueScene } from "../../scheduler/queue/queue-scene.ts"
import type { Core } from "../core.ts"
import { currentPolicy, policyHolds } from "../policy/pool-policy.ts"
import { BY_TURN } from "./by-turn.ts"
import { sceneOf } from "./scene.ts"

/** The scene that answers are made from: by the policy that holds, or first come, first served. */
export function sceneNow(core: Core, nowMs: number): QueueScene {
  return sceneOf(core, policyNow(core), nowMs)
}

/** Whether the queue is planned as by a policy: where one holds, and where a job on several hosts waits, which the planner by turn does not know. */
export function plansByQueue(core: Core): boolean {
  return policyHolds(core) || core.table.waitingGangs.size > 0
}

/** The policy that holds, or one by which jobs go by turn. */
export function policyNow(core: Core): Policy {
  return policyHolds(core) ? currentPolicy(core) : BY_TURN
}
