import type { HostId, JobId } from "../../protocol/ids.ts"
import type { Resources } from "../../protocol/resources.ts"
import { plan } from "../../scheduler/plan.ts"
import { limitsBefore } from "../../scheduler/queue/before-bookings.ts"
import { planQueue } from "../../scheduler/queue/plan-queue.ts"
import type { QueueScene } from "../../scheduler/queue/queue-scene.ts"
import { type SmallerRequest, smallerRequests } from "../../scheduler/queue/smaller-requests.ts"
import type { Core } from "../core.ts"
import { plansByQueue } from "./scene-now.ts"
import { snapshotOf } from "./snapshot.ts"
import { effectiveLimitOf } from "./who-of.ts"

/** With more who wait, so many plans would take too long. */
const MOST_WAITING = 2_000

/** What would make a waiting job start now, each found by planning with that instead; of each kind the mildest. */
export function soonerWays(core: Core, scene: QueueScene, id: JobId, nowMs: number): readonly string[] {
  const asked = scene.waiting.find((one) => one.id === id)
  const job = core.table.live(id)
  if (asked === undefined || job === undefined || scene.waiting.length > MOST_WAITING) return []
  const byPolicy = plansByQueue(core)
  const limitMs = byPolicy ? effectiveLimitOf(scene.policy, job, asked.partitions[0] ?? "") : null
  const kinds = smallerRequests(
    {
      resources: asked.resources,
      isPinned: asked.hostsWanted !== null,
      limitMs,
      // First come, first served has that in words of its own.
      limitsBefore: byPolicy ? limitsBefore(scene, asked, nowMs) : [],
      hosts: asked.hosts,
    },
    freeNow(scene),
  )
  const startOf = (request: SmallerRequest) =>
    byPolicy ? byPlan(scene, id, nowMs, request) : byTurn(core, id, nowMs, request)
  return kinds.flatMap((requests) => {
    for (const request of requests) {
      const host = startOf(request)
      if (host !== null) return [`${request.words} it would start now on ${host}`]
    }
    return []
  })
}

function byPlan(scene: QueueScene, id: JobId, nowMs: number, request: SmallerRequest): string | null {
  const { resources, isPinned, limitMs, hosts } = request
  const waiting = scene.waiting.map((one) =>
    one.id === id
      ? { ...one, resources, hosts, limitMs: limitMs ?? one.limitMs, ...(isPinned ? {} : { hostsWanted: null }) }
      : one,
  )
  const entry = planQueue({ ...scene, waiting }, nowMs).entries.find(({ job }) => job === id)
  if (entry?.state !== "start" || entry.preempts.length > 0) return null
  const names = new Map<HostId, string>(scene.hosts.map((host) => [host.id, host.name]))
  return entry.hosts.map((host) => names.get(host) ?? host).join(", ")
}

function byTurn(core: Core, id: JobId, nowMs: number, { resources, isPinned }: SmallerRequest): string | null {
  const snapshot = snapshotOf(core)
  const waiting = [...snapshot.waiting].map((one) =>
    one.id === id ? { ...one, resources, ...(isPinned ? {} : { hostWanted: null }) } : one,
  )
  const start = plan({ ...snapshot, waiting }, nowMs).starts.find(({ job }) => job === id)
  return start === undefined ? null : (core.fleet.get(start.host)?.record.name ?? null)
}

function freeNow({ hosts, running }: QueueScene): readonly Resources[] {
  return hosts.map(({ id, total, memoryNowBytes }) => {
    let { gpus, cores } = total
    let memoryBytes = Math.min(total.memoryBytes, memoryNowBytes ?? total.memoryBytes)
    for (const { hosts: on, resources } of running) {
      if (!on.includes(id)) continue
      memoryBytes -= resources.memoryBytes
      gpus -= resources.gpus
      cores -= resources.cores
    }
    return { memoryBytes, gpus, cores }
  })
}
