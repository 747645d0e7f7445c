import { hostsOf } from "../../protocol/gang.ts"
import { needOn } from "../../protocol/resources.ts"
import type { Policy } from "../../scheduler/policy/policy.ts"
import { planQueue } from "../../scheduler/queue/plan-queue.ts"
import type { QueueEntry } from "../../scheduler/queue/queue-plan.ts"
import type { QueueScene } from "../../scheduler/queue/queue-scene.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import { placeOn } from "../jobs/place.ts"
import { policyHolds } from "../policy/pool-policy.ts"
import { awaitedBy, preempt } from "./preempt.ts"
import { sceneOf } from "./scene.ts"
import { setStanding, timeLimitOf } from "./standing.ts"
import { effectiveLimitOf } from "./who-of.ts"

/**
 * Plans the queue as policy has it, starts what is to start and asks those to leave that are in the way. Within the change whose state it
 * plans for, so that no start is of a state that has passed. Returns when to plan again although nothing changes, or `null`.
 */
export function planByPolicy(core: Core, policy: Policy): number | null {
  if (core.table.waitingCount === 0) return null
  const now = core.clock.now()
  const scene = sceneOf(core, policy, now)
  const { entries, nextWakeMs } = planQueue(scene, now)
  const awaited = awaitedBy(core)
  core.table.setPlaces(new Map(entries.flatMap(({ job, place }) => (place === null ? [] : [[job, place]]))))
  for (const entry of entries) {
    if (entry.preempts.length > 0) {
      // Who waits for some to leave takes no more.
      if (!awaited.has(entry.job)) preempt(core, entry.preempts)
    } else if (entry.state === "start") start(core, scene, entry)
  }
  return nextWakeMs
}

function start(core: Core, scene: QueueScene, entry: QueueEntry): void {
  const job = core.table.live(entry.job)
  const hosts = entry.hosts.flatMap((place) => scene.hosts.find(({ id }) => id === place) ?? [])
  const asked = scene.waiting.find(({ id }) => id === entry.job)
  if (job === undefined || hosts.length < hostsOf(job.spec) || asked === undefined || job.state !== "queued") return
  if (policyHolds(core)) setRanAs(core, scene, entry, job, asked.account)
  const placements = hosts.map(({ id, total }) => ({ host: id, resources: needOn(asked.resources, total) }))
  placeOn(core, job, placements)
}

function setRanAs(core: Core, scene: QueueScene, entry: QueueEntry, job: JobRecord, account: string): void {
  const limitMs = effectiveLimitOf(scene.policy, job, entry.partition)
  setStanding(core, job, {
    ranAs: { account, partition: entry.partition, qos: entry.qos },
    leaving: undefined,
    // What its partition limits it to holds for it, too: others' times rest on that.
    ...(limitMs === timeLimitOf(job) ? {} : { timeLimitMs: limitMs }),
  })
}
