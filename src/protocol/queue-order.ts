import type { JobId } from "./ids.ts"
import type { TaskOf } from "./job-array.ts"

/** GET /v1/queue/order?limit=N: who waits, in the order of the queue, and who is kept out of it. */
export interface QueueOrderView {
  /** The version of the policy that makes the order; 0: none, so that it is the order in which jobs were sent. */
  readonly policy: number
  readonly at: number
  /** How many stand in the queue in all: those that have a place. */
  readonly waiting: number
  /** The first of them, then as many that are kept out as there is room for. */
  readonly entries: readonly QueueOrderEntry[]
}

export interface QueueOrderEntry {
  readonly job: JobId
  readonly user: string
  readonly name: string | null
  /** Of an array: its tasks that have not begun and may, as `4-100%8`, or where none may those that are held; absent where it is none. */
  readonly waiting?: string
  /** Absent where it is no task of an array. */
  readonly task?: TaskOf
  /** `null` without a policy. */
  readonly account: string | null
  readonly qos: string | null
  readonly partition: string
  /** `null` without a policy. */
  readonly priority: number | null
  /** From 1; `null`: it is kept out of the queue. */
  readonly place: number | null
  /** Why it waits: stable for scripts, and in words. */
  readonly code: string
  readonly reason: string
  /** When it starts at the latest as everything is planned; `null`: nobody can say. */
  readonly startAt: number | null
  /** Nothing is kept for it: the time is a guess. */
  readonly estimate: boolean
  /** A job before it that has no time yet and may go first: how late it starts nobody can say. Absent: nobody does. */
  readonly behind?: JobId
  /** Where. */
  readonly hosts: readonly string[]
}

/** What the priority of a job is made of. */
export interface PriorityView {
  readonly priority: number
  /** Empty when it was set by hand. */
  readonly rows: readonly {
    readonly factor: string
    readonly value: number | null
    readonly weight: number | null
    readonly points: number
  }[]
}

/** When a waiting job is expected to start. */
export interface ExpectedStart {
  /** If all that runs now ended at once; `null`: nobody can say. */
  readonly from: number | null
  /** If all jobs take all of their time limits; `null`: nobody can say. */
  readonly to: number | null
  readonly hosts: readonly string[]
  readonly estimate: boolean
  /** It has none as things are said, whatever room there is. Absent: it may have one. */
  readonly none?: true
  /** What it rests on, in words. */
  readonly rests: string
}

/** Somebody who stands before a job in the queue. */
export interface AheadView {
  readonly job: JobId
  /** Absent where it is no task of an array. */
  readonly task?: TaskOf
  readonly user: string
  readonly place: number
  readonly priority: number | null
  /** By what it stands before, in words. */
  readonly because: string
}
