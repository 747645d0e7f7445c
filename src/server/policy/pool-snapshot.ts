import type { JobId } from "../../protocol/ids.ts"
import { isFinal } from "../../protocol/job-state.ts"
import type { SnapshotView } from "../../protocol/policy-api.ts"
import type { Policy } from "../../scheduler/policy/policy.ts"
import type { EndedJob, QueueJob, QueueScene } from "../../scheduler/queue/queue-scene.ts"
import { describeScene, type SceneFacts } from "../../scheduler/queue-file/describe-scene.ts"
import { maskScene } from "../../scheduler/queue-file/mask-scene.ts"
import { writeScene } from "../../scheduler/queue-file/write-scene.ts"
import { jobsNamedIn } from "../../scheduler/request/after-words.ts"
import { readDependency } from "../../scheduler/request/dependency.ts"
import type { Core } from "../core.ts"
import { shapeOf } from "../jobs/shape-of.ts"
import { waitingJob } from "../queue/scene.ts"
import { sceneNow } from "../queue/scene-now.ts"
import { queueAskedOf } from "../queue/standing.ts"
import { poolUsageOf } from "../usage/pool-usage.ts"
import { policyView } from "./pool-policy.ts"

/**
 * The pool at this moment as `windfall policy plan` takes it: hosts, jobs, what runs, bookings, usage, policy, what was learned of presence; and who is kept
 * out of the queue, with what they depend on. Its plan is the one that the server makes of it.
 */
export function poolSnapshot(core: Core, mask: boolean): SnapshotView {
  const nowMs = core.clock.now()
  const scene = withKeptOut(core, sceneNow(core, nowMs))
  const plain = { policy: scene.policy, described: describeScene(scene, factsOf(core, scene.policy)) }
  const { policy, described } = mask ? maskScene(plain.policy, plain.described) : plain
  const { version } = policyView(core)
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

/** The server keeps held jobs out of the scene; in a file they stand with what holds them. */
function withKeptOut(core: Core, scene: QueueScene): QueueScene {
  const kept: QueueJob[] = []
  const ended = new Map<JobId, EndedJob>()
  for (const job of core.table.all()) {
    if (job.state !== "held") continue
    const { after, beginAt } = queueAskedOf(job)
    const dependency = after === null ? null : readDependency(after)
    const shape = { id: job.id, ...shapeOf(job), notBeforeMs: null }
    const plain = waitingJob(scene.policy, job, shape)
    const by = job.standing?.hold ?? null
    // To a plan it is one who holds it, and may not be its user: a described queue knows no older copies.
    kept.push({ ...plain, hold: by === "copy" ? "admin" : by, beginMs: beginAt, dependency })
    for (const id of dependency === null ? [] : jobsNamedIn(dependency)) noteEnd(core, id as JobId, ended)
  }
  return { ...scene, waiting: [...scene.waiting, ...kept], ended: [...scene.ended, ...ended.values()] }
}

function noteEnd(core: Core, id: JobId, ended: Map<JobId, EndedJob>): void {
  const job = core.table.gates.endedOf(id) ?? core.table.live(id) ?? core.store.jobs.get(id)
  if (job === undefined || !isFinal(job.state)) return
  const outcome = job.state === "succeeded" ? "succeeded" : "failed"
  ended.set(id, { job: id, task: null, startedMs: job.startedAt ?? job.endedAt, outcome })
}
