import type { JobId } from "./ids.ts"
import type { Cause, Verdict } from "./job-state.ts"

/** The most tasks that one array may have. */
export const MAX_ARRAY_TASKS = 1_000_000
/** The highest index a task may have. */
export const MAX_ARRAY_INDEX = 4_000_000
/** How long the list of an array's tasks may be. */
export const MAX_ARRAY_CHARACTERS = 16_384
/** Of so many failed tasks an array says which they were. */
export const FIRST_FAILURES = 10

/** A task of an array, which people write `17_5`. */
export interface TaskOf {
  readonly array: JobId
  readonly index: number
}

/** How an array stands. Sets of indices are texts: `0-2,7,10-18:2`, "" for none. */
export interface ArrayView {
  /** As it was sent, without how many at a time. */
  readonly tasks: string
  readonly count: number
  readonly first: number
  readonly last: number
  /** How far one index is from the next; `null` where that differs. */
  readonly step: number | null
  /** How many may run at a time; `null`: as many as there is room for. */
  readonly atOnce: number | null
  /** Have not begun, and may. */
  readonly waiting: string
  /** Are held, each by itself. */
  readonly held: string
  /** Wait for the task of the same index elsewhere. */
  readonly blocked: string
  readonly counts: ArrayCounts
  /** The first that failed, in the order in which they ended. */
  readonly failures: readonly TaskFailure[]
}

/** How many tasks stand how: each is counted once. */
export interface ArrayCounts {
  /** Have not begun, or wait to be tried again; those that are held or blocked, too. */
  readonly waiting: number
  readonly running: number
  readonly succeeded: number
  readonly failed: number
  readonly cancelled: number
  readonly timed_out: number
}

export interface TaskFailure {
  readonly index: number
  readonly state: Exclude<Verdict["state"], "succeeded">
  readonly cause: Cause
  readonly exitCode: number | null
  readonly signal: number | null
}

/** POST /v1/jobs/ID/throttle: how many tasks of an array may run at a time; `null`: as many as there is room for. Answers the job. */
export interface ThrottleRequest {
  readonly atOnce: number | null
}

/** `4-100%8`: tasks that have not begun, and how many of the array run at a time. */
export function waitingText(waiting: string, atOnce: number | null): string {
  return atOnce === null ? waiting : `${waiting}%${atOnce}`
}

const SHOWN_CHARACTERS = 24

/** `17_[4-100%8]` of an array of which some tasks have not begun, as queues are listed; else as {@link jobNumber}. */
export function queueNumber(job: {
  readonly id: number
  readonly task?: TaskOf | undefined
  readonly waiting?: string | undefined
}): string {
  const { id, waiting = "" } = job
  if (waiting === "" || waiting.startsWith("%")) return jobNumber(job)
  const shown = waiting.length > SHOWN_CHARACTERS ? `${waiting.slice(0, SHOWN_CHARACTERS - 3)}...` : waiting
  return `${id}_[${shown}]`
}

/** `17_5` of a task, `17` of any other job. */
export function jobNumber({ id, task }: { readonly id: number; readonly task?: TaskOf | undefined }): string {
  return task === undefined ? `${id}` : `${task.array}_${task.index}`
}

/** Who is meant by what somebody typed or asked for: a job, one task of an array (`17_5`), or some (`17_[3-9]`). */
export interface JobReference {
  readonly job: number
  /** Indices as text; `null`: the job, or the whole array. */
  readonly tasks: string | null
  /** One task alone. */
  readonly index: number | null
}

/** `undefined` where the text is none of these. */
export function readJobReference(text: string): JobReference | undefined {
  const [, job, index, list] = /^#?(\d{1,15})(?:_(?:(\d{1,7})|\[([0-9,:-]{1,4000})\]))?$/.exec(text) ?? []
  if (job === undefined || Number(job) === 0) return undefined
  if (index !== undefined) return { job: Number(job), tasks: index, index: Number(index) }
  return { job: Number(job), tasks: list ?? null, index: null }
}
