import type { JobId } from "../../protocol/ids.ts"
import { taskIndices, tasksOfIndices } from "../request/array-tasks.ts"
import { type DependencyView, dependencyState, type Progress } from "../request/dependency-state.ts"
import { bookingToCome, neverInBooking } from "./booking-reasons.ts"
import type { WaitReason } from "./queue-plan.ts"
import type { QueueJob, QueueScene } from "./queue-scene.ts"

const NOTHING: Sorted["apart"] = []

/** Of an array whose tasks wait one by one for those of their own index in another: what stands in the queue of it, and what does not. */
export interface Sorted {
  /** `null`: nothing of it. */
  readonly ready: QueueJob | null
  readonly apart: readonly { readonly task: number | null; readonly reason: WaitReason }[]
}

/** Says of each job whether it is to be looked at: not held, its time come, what it depends on done. */
export class Eligibility {
  readonly #scene: QueueScene
  readonly #nowMs: number
  readonly #untilMs: number
  #tasks: Map<number, Map<number | null, Progress>> | undefined
  #namesakes: Map<string, JobId[]> | undefined

  /** @param untilMs begin times, and bookings that begin, until then keep nobody out */
  constructor(scene: QueueScene, nowMs: number, untilMs = nowMs) {
    this.#untilMs = untilMs
    this.#scene = scene
    this.#nowMs = nowMs
  }

  /** Why it does not stand in the queue yet; `null` when it does. */
  reasonOf(job: QueueJob): WaitReason | null {
    if (job.hold !== null || job.priority === 0) return { code: "held", by: job.hold ?? "admin" }
    const never = neverInBooking(this.#scene, job, this.#nowMs)
    if (never !== null) return never
    if (job.beginMs !== null && job.beginMs > this.#untilMs) return { code: beginCode(job), untilMs: job.beginMs }
    return this.#dependency(job) ?? this.#bookingToCome(job)
  }

  /** What of the job stands in the queue. */
  sort(job: QueueJob): Sorted {
    const reason = this.reasonOf(job)
    const { array, dependency } = job
    const isByTask = array !== null && dependency?.terms.some(({ kind }) => kind === "aftercorr")
    if (!isByTask || (reason !== null && !reason.code.startsWith("dependency")))
      return reason === null ? { ready: job, apart: NOTHING } : { ready: null, apart: [{ task: null, reason }] }
    const apart: { readonly task: number; readonly reason: WaitReason }[] = []
    const met: number[] = []
    for (const task of taskIndices(array.tasks)) {
      const why = this.#dependency(job, task)
      if (why === null) met.push(task)
      else apart.push({ task, reason: why })
    }
    const [first] = apart
    if (first === undefined) return { ready: job, apart: NOTHING }
    // Where all of it waits, the first one stands for all.
    if (met.length === 0 && apart.every(({ reason: { code } }) => code === first.reason.code))
      return { ready: null, apart: [{ task: null, reason: first.reason }] }
    const reduced = { ...job, array: { ...array, tasks: tasksOfIndices(met, array.tasks.atOnce) } }
    const booking = met.length === 0 ? null : this.#bookingToCome(job)
    if (booking !== null) return { ready: null, apart: [...met.map((task) => ({ task, reason: booking })), ...apart] }
    return { ready: met.length === 0 ? null : reduced, apart }
  }

  /** What stands in the queue of all that waits. */
  ready(): QueueJob[] {
    const ready: QueueJob[] = []
    for (const job of this.#scene.waiting) {
      const found = isPlain(job) ? job : this.sort(job).ready
      if (found !== null) ready.push(found)
    }
    return ready
  }

  /** @param task of an array; its first one stands for all where none is named */
  #dependency(job: QueueJob, task?: number): WaitReason | null {
    if (job.dependency === null) return null
    const [first = null] = job.array === null ? [] : taskIndices(job.array.tasks)
    const taskIndex = task ?? first
    const view: DependencyView = {
      tasksOf: (id) => this.#tasksOf().get(id),
      unfinishedNamesakes: this.#namesakesOf(job),
      taskIndex,
    }
    const state = dependencyState(job.dependency, view, this.#nowMs)
    if (state.state === "met") return null
    if (state.state === "never") return { code: "dependency_never", because: state.because }
    return { code: "dependency", on: state.on, untilMs: state.dueMs }
  }

  #bookingToCome(job: QueueJob): WaitReason | null {
    const reason = bookingToCome(this.#scene, job, this.#nowMs)
    return reason?.code === "booking_to_come" && reason.untilMs <= this.#untilMs ? null : reason
  }

  #tasksOf(): ReadonlyMap<number, ReadonlyMap<number | null, Progress>> {
    if (this.#tasks !== undefined) return this.#tasks
    const tasks = new Map<number, Map<number | null, Progress>>()
    const note = (job: number, task: number | null, progress: Progress) => {
      const known = tasks.get(job) ?? new Map<number | null, Progress>()
      tasks.set(job, known.set(task, progress))
    }
    const { ended, running, waiting } = this.#scene
    for (const { job, task, startedMs } of running) note(job, task, { startedMs, outcome: null })
    for (const { id, array } of waiting) {
      const indices = array === null ? [null] : taskIndices(array.tasks)
      for (const index of indices) note(id, index, { startedMs: null, outcome: null })
    }
    // What has ended may still be on its host for a moment.
    for (const one of ended) note(one.job, one.task, one)
    this.#tasks = tasks
    return tasks
  }

  #namesakesOf({ id, name, user }: QueueJob): readonly JobId[] {
    if (this.#namesakes === undefined) {
      this.#namesakes = new Map()
      const all = [
        ...this.#scene.waiting.map((one) => [one.id, one.name, one.user] as const),
        ...this.#scene.running.map((one) => [one.job, one.name, one.user] as const),
      ]
      for (const [job, ofName, ofUser] of all) {
        const key = JSON.stringify([ofName, ofUser])
        this.#namesakes.set(key, [...(this.#namesakes.get(key) ?? []), job])
      }
    }
    return [...new Set(this.#namesakes.get(JSON.stringify([name, user])))].filter((job) => job < id)
  }
}

function beginCode({ awaits }: QueueJob): "begin_time" | "checkpoint_coming" | "not_before" {
  if (awaits === undefined) return "begin_time"
  return awaits === "checkpoint" ? "checkpoint_coming" : "not_before"
}

/** Nothing can keep it out of the queue, as for most. */
function isPlain({ hold, priority, beginMs, dependency, booking }: QueueJob): boolean {
  return hold === null && priority !== 0 && beginMs === null && dependency === null && booking === null
}
