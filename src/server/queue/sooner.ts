import { formatDuration } from "../../base/duration.ts"
import type { HostId, JobId } from "../../protocol/ids.ts"
import { plan } from "../../scheduler/plan.ts"
import { freeNow } from "../../scheduler/queue/free-now.ts"
import type { QueueJob, QueueScene } from "../../scheduler/queue/queue-scene.ts"
import { type SmallerRequest, smallerRequests } from "../../scheduler/queue/smaller-requests.ts"
import { soonerWays as waysByPlan } from "../../scheduler/queue/sooner-ways.ts"
import type { Core } from "../core.ts"
import { plansByQueue } from "./scene-now.ts"
import { snapshotOf } from "./snapshot.ts"
import { effectiveLimitOf } from "./who-of.ts"

/** With more who wait, so many plans would take too long. */
const MOST_WAITING = 2_000

/** What would make a waiting job start now, or before a booking that it has to wait for, each found by planning with that instead. */
export function soonerWays(core: Core, scene: QueueScene, id: JobId, nowMs: number): readonly string[] {
  const asked = scene.waiting.find((one) => one.id === id)
  const job = core.table.live(id)
  if (asked === undefined || job === undefined || scene.waiting.length > MOST_WAITING) return []
  if (!plansByQueue(core)) return waysByTurn(core, scene, asked, nowMs)
  const names = new Map<HostId, string>(scene.hosts.map((host) => [host.id, host.name]))
  const limitMs = effectiveLimitOf(scene.policy, job, asked.partitions[0] ?? "")
  return waysByPlan(scene, asked, limitMs, nowMs).map(({ words, startMs, hosts }) => {
    const when = startMs <= nowMs ? "now" : `in ${formatDuration(startMs - nowMs)} at the latest,`
    return `${words} it would start ${when} on ${hosts.map((host) => names.get(host) ?? host).join(", ")}`
  })
}

function waysByTurn(core: Core, scene: QueueScene, job: QueueJob, nowMs: number): readonly string[] {
  const { resources, hostsWanted, hosts } = job
  // First come, first served has what bookings leave in words of its own.
  const asked = { resources, isPinned: hostsWanted !== null, limitMs: null, limitsBefore: [], hosts }
  return smallerRequests(asked, freeNow(scene)).flatMap((requests) => {
    for (const request of requests) {
      const host = byTurn(core, job.id, nowMs, request)
      if (host !== null) return [`${request.words} it would start now on ${host}`]
    }
    return []
  })
}

function byTurn(core: Core, id: JobId, nowMs: number, { resources, isPinned }: SmallerRequest): string | null {
  const snapshot = snapshotOf(core)
  const waiting = [...snapshot.waiting].map((one) =>
    one.id === id ? { ...one, resources, ...(isPinned ? {} : { hostWanted: null }) } : one,
  )
  const start = plan({ ...snapshot, waiting }, nowMs).starts.find(({ job }) => job === id)
  return start === undefined ? null : (core.fleet.get(start.host)?.record.name ?? null)
}
