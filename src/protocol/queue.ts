import type { HostId, JobId } from "./ids.ts"
import type { AttemptUsage } from "./job.ts"
import type { TaskOf } from "./job-array.ts"
import type { JobState } from "./job-state.ts"

/** GET /v1/queue?limit=N: what runs, and the first N that wait. Light enough to be asked for once a second. */
export interface QueueView {
  /** Jobs that are on a host, host by host in order of their start there. */
  readonly running: readonly QueueJob[]
  /** How many wait in all. */
  readonly waiting: number
  /** The first of them, in the order of the queue. */
  readonly next: readonly QueueJob[]
}

/** A job in few words: what `top` shows of it. */
export interface QueueJob {
  readonly id: JobId
  readonly user: string
  readonly name: string | null
  /** Of an array: its tasks that have not begun and may, as `4-100%8`, or where none may those that are held; absent where it is none. */
  readonly waiting?: string
  /** Absent where it is no task of an array. */
  readonly task?: TaskOf
  /** Of others' jobs the first word alone. */
  readonly command: readonly string[]
  readonly state: JobState
  /** Why it waits; `null` when there is nothing to say. */
  readonly reason: string | null
  readonly submittedAt: number
  /** When its attempt began to run. */
  readonly startedAt: number | null
  /** What is leased for it, or will be. */
  readonly memoryBytes: number
  readonly hostId: HostId | null
  readonly outOfContactSince: number | null
  readonly usage: AttemptUsage | null
}
