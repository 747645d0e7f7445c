import { DEFAULT_POLICY } from "../../scheduler/policy/default-policy.ts"
import type { Policy } from "../../scheduler/policy/policy.ts"
import type { QueueScene } from "../../scheduler/queue/queue-scene.ts"
import type { Core } from "../core.ts"
import { currentPolicy, policyHolds } from "../policy/pool-policy.ts"
import { sceneOf } from "./scene.ts"

/** Without a policy nobody is put before others, and nobody is preempted. */
const BY_TURN: Policy = { ...DEFAULT_POLICY, owners: { ...DEFAULT_POLICY.owners, first: false, preempt: false } }

/** The scene that answers are made from: by the policy that holds, or first come, first served. */
export function sceneNow(core: Core, nowMs: number): QueueScene {
  return sceneOf(core, policyHolds(core) ? currentPolicy(core) : BY_TURN, nowMs)
}
