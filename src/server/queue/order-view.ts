import type { JobId } from "../../protocol/ids.ts"
import type { QueueOrderEntry, QueueOrderView } from "../../protocol/queue-order.ts"
import { explainQueue } from "../../scheduler/explain.ts"
import { planQueue } from "../../scheduler/queue/plan-queue.ts"
import type { QueueEntry } from "../../scheduler/queue/queue-plan.ts"
import type { QueueScene } from "../../scheduler/queue/queue-scene.ts"
import { reasonText } from "../../scheduler/queue/reason-text.ts"
import { queuedAs } from "../arrays/array-view.ts"
import type { Core } from "../core.ts"
import { withKeptOut } from "../policy/kept-out.ts"
import { latestPolicy } from "../policy/pool-policy.ts"
import { namesOf } from "./job-names.ts"
import { awaitedText, gateReason } from "./plan-answer.ts"
import { plansByQueue, sceneNow } from "./scene-now.ts"
import { snapshotOf } from "./snapshot.ts"
import { placedAs } from "./who-of.ts"

/** With more who wait, times that nothing is kept for are not reckoned. */
const MOST_ESTIMATED = 5_000

/** The queue in its order, with what keeps each job waiting, and who is kept out of it. */
export function queueOrderView(core: Core, limit: number): QueueOrderView {
  const nowMs = core.clock.now()
  const { version } = latestPolicy(core)
  const scene = sceneNow(core, nowMs)
  const estimates = scene.waiting.length <= MOST_ESTIMATED
  const { entries } = planQueue(scene, nowMs, { estimates })
  const isPlanned = plansByQueue(core)
  const inQueue = isPlanned ? byPolicy(core, scene, entries, nowMs, limit) : byTurn(core, scene, entries, nowMs, limit)
  // Whose booking is to come, or whose dependency is not met, is planned for as well, and kept out.
  const standing = new Set(entries.flatMap(({ job, place }) => (place === null ? [] : [job])))
  return {
    policy: version,
    at: nowMs,
    waiting: isPlanned ? standing.size : core.table.waitingCount,
    entries: [...inQueue, ...keptOut(core, scene, version > 0, nowMs, estimates)].slice(0, limit),
  }
}

/** Of an array with several tasks that are planned for the first, in order of the queue. */
function firstOfEach(entries: readonly QueueEntry[], limit: number): QueueEntry[] {
  const found = new Map<JobId, QueueEntry>()
  for (const entry of entries) {
    if (found.size >= limit) break
    if (!found.has(entry.job)) found.set(entry.job, entry)
  }
  return [...found.values()]
}

function byPolicy(
  core: Core,
  scene: QueueScene,
  entries: readonly QueueEntry[],
  nowMs: number,
  limit: number,
): QueueOrderEntry[] {
  const jobs = new Map(scene.waiting.map((one) => [one.id, one]))
  return firstOfEach(entries, limit).flatMap((entry) => {
    const job = jobs.get(entry.job)
    const record = core.table.live(entry.job)
    if (job === undefined || record === undefined) return []
    const { account, qos, user } = job
    const code = entry.reason?.code ?? "starting"
    const text = entry.reason === null ? "starts now" : reasonText(entry.reason, nowMs, namesOf(core))
    const reason = text + awaitedText(core, entry.job, code)
    return {
      ...timeOf(scene, entry),
      job: entry.job,
      user,
      name: record.spec.name,
      ...queuedAs(record),
      account,
      qos,
      partition: entry.partition,
      priority: entry.priority,
      place: entry.place,
      code,
      reason,
    }
  })
}

function byTurn(
  core: Core,
  scene: QueueScene,
  entries: readonly QueueEntry[],
  nowMs: number,
  limit: number,
): QueueOrderEntry[] {
  const planned = new Map(entries.toReversed().map((entry) => [entry.job, entry]))
  const found: QueueOrderEntry[] = []
  for (const { job: id, place, code, summary } of explainQueue(snapshotOf(core), nowMs, namesOf(core))) {
    if (found.length >= limit) break
    const job = core.table.live(id)
    const entry = planned.get(id)
    if (job === undefined) continue
    const { user, spec } = job
    const time = entry === undefined ? NO_TIME : timeOf(scene, entry)
    const who = { account: null, qos: null, priority: null }
    found.push({
      ...time,
      job: id,
      user,
      name: spec.name,
      ...queuedAs(job),
      ...who,
      partition: spec.partition,
      place,
      code,
      reason: summary,
    })
  }
  return found
}

const NO_TIME = { startAt: null, estimate: false, hosts: [] } as const

function timeOf(scene: QueueScene, { startMs, estimate, behind, hosts }: QueueEntry) {
  const names = hosts.map((id) => scene.hosts.find((host) => host.id === id)?.name ?? id)
  return { startAt: startMs, estimate, ...(behind === null ? {} : { behind }), hosts: names }
}

/** With those that are kept out of it, first entries last. */
function planOfAll(core: Core, scene: QueueScene, nowMs: number): QueueEntry[] {
  return planQueue(withKeptOut(core, scene), nowMs, { estimates: true }).entries.toReversed()
}

function keptOut(
  core: Core,
  scene: QueueScene,
  isByPolicy: boolean,
  nowMs: number,
  estimates: boolean,
): QueueOrderEntry[] {
  const { policy } = scene
  const found: QueueOrderEntry[] = []
  let planned: Map<JobId, QueueEntry> | undefined
  const timeIn = (id: JobId) => {
    planned ??= new Map(planOfAll(core, scene, nowMs).map((entry) => [entry.job, entry]))
    const entry = planned.get(id)
    return entry === undefined ? NO_TIME : timeOf(scene, entry)
  }
  for (const job of core.table.all()) {
    if (job.state !== "held") continue
    const { code, text: reason } = gateReason(core, job, nowMs) ?? { code: "starting", text: "joins the queue now" }
    const { account, qos } = isByPolicy ? placedAs(policy, job.user, job.spec) : { account: null, qos: null }
    const who = {
      job: job.id as JobId,
      user: job.user,
      name: job.spec.name,
      ...queuedAs(job),
      partition: job.spec.partition,
    }
    const time = estimates && code === "begin_time" ? timeIn(job.id) : NO_TIME
    found.push({ ...time, ...who, account, qos, priority: null, place: null, code, reason })
  }
  return found
}
