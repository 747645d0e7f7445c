import type { WhyAnswer } from "../../protocol/api.ts"
import type { HostId } from "../../protocol/ids.ts"
import { planQueue } from "../../scheduler/queue/plan-queue.ts"
import type { QueueScene } from "../../scheduler/queue/queue-scene.ts"
import type { WaitingJob } from "../../scheduler/snapshot.ts"
import type { JobRecord } from "../../store/job-record.ts"
import { bookingsAhead } from "../bookings/bookings-ahead.ts"
import { longestLimit, longestOf } from "../bookings/kept-from.ts"
import type { Core } from "../core.ts"
import { linkedOf } from "../gang/pool-links.ts"
import { planAnswer } from "./plan-answer.ts"
import { waitingJob } from "./scene.ts"
import { sceneNow } from "./scene-now.ts"

export interface PlannedPreview extends Pick<WhyAnswer, "summary" | "code" | "hosts"> {
  /** Where it would start now; none where it would wait, or others had to make room first. */
  readonly startsOn: readonly HostId[]
}

/** What the plan would have for a job that is not sent, were it in the queue now: what `why` would say of it then. */
export function previewPlan(core: Core, job: JobRecord, waiting: WaitingJob, nowMs: number): PlannedPreview {
  const scene = sceneWith(core, job, waiting, nowMs)
  const plan = planQueue(scene, nowMs, { estimates: true })
  const entry = plan.entries.find((one) => one.job === job.id)
  if (entry === undefined) return { summary: "", code: "", hosts: [], startsOn: [] }
  const isStart = entry.state === "start" && entry.preempts.length === 0
  return { ...planAnswer(core, job, scene, plan, entry), startsOn: isStart ? entry.hosts : [] }
}

function sceneWith(core: Core, job: JobRecord, waiting: WaitingJob, nowMs: number): QueueScene {
  const scene = sceneNow(core, nowMs)
  const asked = waitingJob(scene.policy, job, waiting)
  return {
    ...scene,
    hosts: asked.hosts > 1 ? scene.hosts.map((host) => ({ ...host, ...linkedOf(core, host.id) })) : scene.hosts,
    waiting: [...scene.waiting, asked],
    bookings: bookingsAhead(core, nowMs, () => Math.max(longestLimit(core), longestOf(scene.policy, job))),
  }
}
