import type { SnapshotView } from "../../protocol/policy-api.ts"
import type { Policy } from "../../scheduler/policy/policy.ts"
import { describeScene, type SceneFacts } from "../../scheduler/queue-file/describe-scene.ts"
import { maskScene } from "../../scheduler/queue-file/mask-scene.ts"
import { writeScene } from "../../scheduler/queue-file/write-scene.ts"
import type { Core } from "../core.ts"
import { sceneNow } from "../queue/scene-now.ts"
import { poolUsageOf } from "../usage/pool-usage.ts"
import { withKeptOut } from "./kept-out.ts"
import { latestPolicy } from "./pool-policy.ts"

/**
 * The pool at this moment as `windfall policy plan` takes it: hosts, jobs, what runs, bookings, usage, policy, what was learned of presence; and who is kept
 * out of the queue, with what they depend on. Its plan is the one that the server makes of it.
 */
export function poolSnapshot(core: Core, mask: boolean): SnapshotView {
  const nowMs = core.clock.now()
  const scene = withKeptOut(core, sceneNow(core, nowMs))
  const plain = { policy: scene.policy, described: describeScene(scene, factsOf(core, scene.policy)) }
  const { policy, described } = mask ? maskScene(plain.policy, plain.described) : plain
  const { version } = latestPolicy(core)
  const about = `A pool of Windfall, ${version === 0 ? "without a policy" : `policy ${version}`}${mask ? ", names masked" : ""}`
  return { at: nowMs, masked: mask, snapshot: writeScene(policy, described, nowMs, about) }
}

function factsOf(core: Core, policy: Policy): SceneFacts {
  return {
    usage: poolUsageOf(core, policy).byUser,
    hosts: new Map(
      core.fleet.all().map(({ record: { id, facts, labels } }) => [id, { chip: facts?.chip ?? null, labels }]),
    ),
  }
}
