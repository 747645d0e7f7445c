import type { HostId } from "../../protocol/ids.ts"
import { limitsBefore, limitsOnceFree } from "./before-bookings.ts"
import { freeNow } from "./free-now.ts"
import { planQueue } from "./plan-queue.ts"
import type { QueueEntry } from "./queue-plan.ts"
import type { QueueJob, QueueScene } from "./queue-scene.ts"
import { type SmallerRequest, shorterRequests, smallerRequests } from "./smaller-requests.ts"

/** With what a job would start sooner, when at the latest, and where. */
export interface SoonerWay {
  readonly words: string
  readonly startMs: number
  readonly hosts: readonly HostId[]
}

/**
 * What would make a waiting job start sooner, each found by planning with that instead; of each kind the mildest with which it would start now. Where a
 * shorter time limit would not do that, but would bring it in before a booking of others that it has to wait for, the longest of those.
 * @param limitMs its time limit; `null`: none
 */
export function soonerWays(
  scene: QueueScene,
  job: QueueJob,
  limitMs: number | null,
  nowMs: number,
): readonly SoonerWay[] {
  const asked = {
    resources: job.resources,
    isPinned: job.hostsWanted !== null,
    limitMs,
    limitsBefore: limitsBefore(scene, job, nowMs),
    hosts: job.hosts,
  }
  const ways: SoonerWay[] = []
  let isShorter = false
  for (const requests of smallerRequests(asked, freeNow(scene))) {
    for (const request of requests) {
      const entry = entryWith(scene, job, request, nowMs, true)
      if (entry?.state !== "start" || entry.preempts.length > 0) continue
      ways.push({ words: request.words, startMs: nowMs, hosts: entry.hosts })
      isShorter ||= request.limitMs !== limitMs
      break
    }
  }
  const later = isShorter || job.array !== null ? null : beforeBooking(scene, job, limitMs, nowMs)
  return later === null ? ways : [...ways, later]
}

/** A limit with which it has an earlier time than it has, which is kept for it. */
function beforeBooking(scene: QueueScene, job: QueueJob, limitMs: number | null, nowMs: number): SoonerWay | null {
  const plan = planQueue(scene, nowMs)
  const known = plan.entries.find((one) => one.job === job.id)
  if (known === undefined || known.state === "start") return null
  const knownMs = known.startMs ?? Number.POSITIVE_INFINITY
  for (const request of shorterRequests(job, limitMs, limitsOnceFree(scene, job, plan, knownMs))) {
    const entry = entryWith(scene, job, request, nowMs)
    if (entry?.state !== "reserved" || entry.preempts.length > 0 || entry.behind !== null) continue
    if (entry.startMs! < knownMs) return { words: request.words, startMs: entry.startMs!, hosts: entry.hosts }
  }
  return null
}

/** What the plan would have for it. */
function entryWith(
  scene: QueueScene,
  job: QueueJob,
  request: SmallerRequest,
  nowMs: number,
  untried = false,
): QueueEntry | undefined {
  return planQueue(withRequest(scene, job, request), nowMs, { untried }).entries.find((one) => one.job === job.id)
}

/** The scene as it would be, had the job asked for that. */
export function withRequest(
  scene: QueueScene,
  job: QueueJob,
  { resources, isPinned, limitMs, hosts }: SmallerRequest,
): QueueScene {
  const changed = { ...job, resources, hosts, limitMs: limitMs ?? job.limitMs }
  const waiting = scene.waiting.map((one) =>
    one.id !== job.id ? one : isPinned ? changed : { ...changed, hostsWanted: null },
  )
  return { ...scene, waiting }
}
