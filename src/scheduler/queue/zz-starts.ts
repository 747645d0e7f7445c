
import fc from "fast-check"
import { anyQueueScenes, MINUTE_MS, QUEUE_NOW_MS, queueScenes } from "../../../test/support/queue-scenes.ts"
import type { Limits } from "../limits/limits.ts"
import { readArrayTasks, taskIndices } from "../request/array-tasks.ts"
import { planQueue } from "./plan-queue.ts"
import type { QueueEntry, QueuePlan } from "./queue-plan.ts"
import type { QueueJob, QueueScene, RunningAttempt } from "./queue-scene.ts"

const MOST_PLANS = 12
/** A full minute: else each job that follows another one may be a step of the grid late. */

import { orderQueue, planStarts } from "./next-start.ts"
const U = ["ann", "bob", "cyd"]
const E = process.env
let bad = 0
const brief = (all: readonly any[]) => all.filter(({ state, preempts }) => state === "start" || preempts.length > 0).map(({ job, task, partition, hosts, preempts, startMs }) => ({ job, task, partition, hosts, preempts, startMs }))
const sorted = (all: readonly any[]) => all.map((one) => ({ ...one, task: null })).sort((a, b) => a.job - b.job || `${a.hosts}`.localeCompare(`${b.hosts}`))
for (const scene of fc.sample(anyQueueScenes(), { numRuns: Number(E.N), seed: Number(E.SEED) })) {
  const it = { ...scene, hosts: E.OWN ? scene.hosts.map((h, at) => ({ ...h, owner: U[(at + scene.waiting.length) % 3]! })) : scene.hosts, policy: { ...scene.policy, owners: { ...scene.policy.owners, first: true } } }
  const now = QUEUE_NOW_MS
  const whole = JSON.stringify(sorted(brief(planQueue(it, now).entries)))
  const starts = JSON.stringify(sorted(brief(planStarts(it, orderQueue(it, now), now))))
  if (whole !== starts) { bad++; if (bad < 3) console.log(whole, starts) }
}
console.log("mismatch", bad, "of", E.N)
