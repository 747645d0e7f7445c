/** What is asked of a job in its life, where that may be an array or some of its tasks: all of it, or each of these. */
import type { StopRequest } from "../../protocol/api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { isFinal } from "../../protocol/job-state.ts"
import type { NiceRequest, TimeRequest } from "../../protocol/queue-request.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import type { Viewer } from "../jobs/job-view.ts"
import { stopJob } from "../jobs/stop.ts"
import { holdJob, limitJob, niceJob, releaseJob } from "../queue/change-standing.ts"
import { apart, holdTasks, releaseTasks } from "./change-tasks.ts"
import type { Target } from "./find-target.ts"
import { liveTasks, stopTasks } from "./stop-tasks.ts"

export function stopTarget(core: Core, target: Target, request: StopRequest, actor: string): void {
  if (target.kind === "tasks") stopTasks(core, target.array, target.indices, request, actor)
  else if (target.job.array !== undefined && !isFinal(target.job.state)) {
    stopTasks(core, target.job, target.job.array.all, request, actor)
  } else stopJob(core, target.job, request, actor)
}

export function holdTarget(core: Core, target: Target, viewer: Viewer): void {
  if (target.kind === "tasks") {
    holdTasks(core, target.array, target.indices, viewer)
    return
  }
  holdJob(core, target.job, viewer)
  for (const task of tasksOf(core, target.job)) if (task.state === "queued") holdJob(core, task, viewer)
}

export function releaseTarget(core: Core, target: Target, viewer: Viewer): void {
  if (target.kind === "tasks") {
    releaseTasks(core, target.array, target.indices, viewer)
    return
  }
  const { job } = target
  const isHeldWhole = job.standing?.hold !== undefined
  if (isHeldWhole || job.array === undefined || isFinal(job.state)) releaseJob(core, job, viewer)
  if (job.array !== undefined) releaseTasks(core, job, job.array.all, viewer)
}

export function niceTarget(core: Core, target: Target, request: NiceRequest, viewer: Viewer): void {
  eachOf(core, target, "change the priority of", (job) => niceJob(core, job, request, viewer))
}

/** Returns what there is to know of those that were changed. */
export function limitTarget(core: Core, target: Target, request: TimeRequest, viewer: Viewer): readonly string[] {
  const notices: string[] = []
  eachOf(core, target, "change the time limit of", (job) => notices.push(...limitJob(core, job, request, viewer)))
  return notices
}

/** The job of which something is asked, or the array of these tasks. */
export function ownerOf(target: Target): JobRecord {
  return target.kind === "job" ? target.job : target.array
}

/** What is shown after that: one task as itself. */
export function shownOf(core: Core, target: Target): JobRecord {
  if (target.kind === "job") return target.job
  const { array, indices } = target
  const [only] = indices
  if (indices.size !== 1 || only === undefined) return array
  return core.table.arrays.task(array.id, only) ?? core.table.unbegunTask(array, only) ?? array
}

/** Of several those that may not be changed so keep what they have; where none may, why is thrown. */
function eachOf(core: Core, target: Target, doing: string, act: (job: JobRecord) => void): void {
  const jobs =
    target.kind === "tasks"
      ? apart(core, target.array, target.indices, doing)
      : [target.job, ...tasksOf(core, target.job)]
  let refusal: unknown
  let done = 0
  for (const job of jobs) {
    try {
      act(job)
      done++
    } catch (error) {
      if (!(error instanceof WindfallError)) throw error
      refusal ??= error
    }
  }
  if (done === 0 && refusal !== undefined) throw refusal
}

function tasksOf(core: Core, job: JobRecord): JobRecord[] {
  return job.array === undefined ? [] : liveTasks(core, job, job.array.all)
}
