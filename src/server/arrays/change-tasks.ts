import type { IndexSet } from "../../base/index-set.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { ThrottleRequest } from "../../protocol/job-array.ts"
import { isFinal } from "../../protocol/job-state.ts"
import type { HoldBy } from "../../protocol/queue-request.ts"
import type { ArrayRecord } from "../../store/array-record.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import type { Viewer } from "../jobs/job-view.ts"
import { holdJob, releaseJob } from "../queue/change-standing.ts"
import { lookAtGates } from "../queue/look-at-gates.ts"
import { beginTask } from "./begin-task.ts"
import { goesTaskByTask } from "./correspond.ts"
import { settleArray } from "./settle-array.ts"
import { liveTasks } from "./stop-tasks.ts"

/** As every task gets a record of its own. */
const MOST_CHANGED_ALONE = 10_000

/**
 * Keeps tasks from starting that wait, each by itself. Those that run, or have ended, stay as they are. Within a change.
 * @throws {WindfallError} wrong_state where none waits
 */
export function holdTasks(core: Core, job: JobRecord, indices: IndexSet, viewer: Viewer): void {
  const { array } = job
  if (array === undefined) return
  const by: HoldBy = viewer.user === job.user ? "user" : "admin"
  let held = 0
  for (const set of [array.waiting, array.blocked, ...(by === "admin" ? [array.held.user] : [])]) {
    const taken = set.takeAll(indices)
    array.held[by].addAll(taken)
    held += taken.size
  }
  const again = liveTasks(core, job, indices).filter(({ state }) => state === "queued" || state === "held")
  for (const task of again) holdJob(core, task, viewer)
  const isHeld = [...indices].some((index) => array.held.user.has(index) || array.held.admin.has(index))
  if (held + again.length === 0 && !isHeld) {
    throw new WindfallError("wrong_state", `Cannot hold tasks of job ${job.id}: none of them waits`, {
      hint: `How they stand: windfall show ${job.id}`,
    })
  }
  if (held > 0) changed(core, job, `held ${counted(held)}`, viewer)
}

/** Lets held tasks go on. What nobody holds stays as it is. Within a change. @throws {WindfallError} not_allowed */
export function releaseTasks(core: Core, job: JobRecord, indices: IndexSet, viewer: Viewer): void {
  const { array } = job
  if (array === undefined) return
  const byAdmin = viewer.role !== "admin" && [...array.held.admin].some((index) => indices.has(index))
  const released = array.held.user.takeAll(indices)
  if (viewer.role === "admin") released.addAll(array.held.admin.takeAll(indices))
  // What it waited for may have come meanwhile, or not: that is looked at anew.
  const to = goesTaskByTask(job) ? array.blocked : array.waiting
  to.addAll(released)
  for (const task of liveTasks(core, job, indices))
    if (task.standing?.hold !== undefined) releaseJob(core, task, viewer)
  if (released.size > 0) changed(core, job, `released ${counted(released.size)}`, viewer)
  else if (byAdmin) {
    throw new WindfallError("not_allowed", `Cannot release tasks of job ${job.id}: an administrator holds them`, {
      hint: "Ask an administrator of the pool",
    })
  }
}

function changed(core: Core, job: JobRecord, what: string, viewer: Viewer): void {
  core.ledger.event({ type: "job_changed", job: job.id, what }, viewer.user)
  core.table.gates.lookWhole(job.id)
  settleArray(core, job)
  lookAtGates(core)
}

/**
 * Gives tasks a record each, so that something can be said of them alone. Within a change.
 * @throws {WindfallError} wrong_state where one waits for more than its turn, or has ended
 */
export function apart(core: Core, job: JobRecord, indices: IndexSet, doing: string): JobRecord[] {
  const { array } = job
  if (array === undefined) return []
  if (indices.size > MOST_CHANGED_ALONE) {
    throw new WindfallError("invalid_input", `Cannot ${doing} so many tasks of an array alone: ${indices.size}`, {
      hint: `At most ${MOST_CHANGED_ALONE}, or all of them: ${job.id}`,
    })
  }
  const live = liveTasks(core, job, indices)
  const has = new Set(live.map(({ task }) => task?.index))
  for (const index of indices) {
    if (has.has(index)) continue
    if (array.waiting.has(index) && job.state === "queued") continue
    const why = isUnbegun(array, index) ? "it is held, or waits for something else than its turn" : "it has ended"
    throw new WindfallError("wrong_state", `Cannot ${doing} task ${job.id}_${index} alone: ${why}`, {
      hint: `How it stands: windfall show ${job.id}_${index}. For the whole array: ${job.id}`,
    })
  }
  return [...indices].map((index) => core.table.arrays.task(job.id, index) ?? beginTask(core, job, index, true))
}

function isUnbegun({ waiting, held, blocked }: ArrayRecord, index: number): boolean {
  return [waiting, held.user, held.admin, blocked].some((set) => set.has(index))
}

/**
 * Changes how many tasks of an array may run at a time. More than that which run now go on. Within a change.
 * @throws {WindfallError} wrong_state, invalid_input
 */
export function throttleArray(core: Core, job: JobRecord, { atOnce }: ThrottleRequest, viewer: Viewer): void {
  const { array } = job
  if (array === undefined) {
    throw new WindfallError("invalid_input", `Cannot change how many tasks of job ${job.id} run: it is no array`, {
      hint: "Send one: windfall send --array 1-100%8 -- CMD",
    })
  }
  if (isFinal(job.state)) {
    throw new WindfallError("wrong_state", `Cannot change how many tasks of job ${job.id} run: all have ended`, {
      hint: `How they ended: windfall show ${job.id}`,
    })
  }
  if (array.atOnce === atOnce) return
  const words = (count: number | null) => (count === null ? "any number" : `${count}`)
  const what = `tasks at a time ${words(array.atOnce)} -> ${words(atOnce)}`
  array.atOnce = atOnce
  core.ledger.jobChanged(job)
  core.ledger.event({ type: "job_changed", job: job.id, what }, viewer.user)
  core.wakePlanner()
}

function counted(count: number): string {
  return `${count} task${count === 1 ? "" : "s"}`
}
