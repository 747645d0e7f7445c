import type { JobId } from "./ids.ts"

/** GET /v1/policy: the policy file as it was applied last. Everybody may see it. */
export interface PolicyView {
  /** Counted up from 1; 0: nobody has applied one, and `text` is empty. */
  readonly version: number
  readonly text: string
  readonly appliedAt: number | null
  readonly appliedBy: string | null
  /** Why it does not hold all the same, but that of an empty file: an earlier release took it, and this one cannot read it. */
  readonly problem: string | null
}

/** POST /v1/policy (admin). The file is taken whole or not at all. */
export interface PolicyApplyRequest {
  readonly text: string
  /** Only say what would change. */
  readonly dryRun: boolean
}

export interface PolicyApplyView {
  /** The version that holds now. */
  readonly version: number
  /** Whether this file is it. */
  readonly applied: boolean
  readonly changes: readonly PolicyChangeView[]
  readonly moves: readonly MovedJobView[]
  /** Hosts and users that the file names and the pool does not know, in words. Absent of a server before that was looked at. */
  readonly notices?: readonly string[]
}

export interface PolicyChangeView {
  /** Keys from the top of the file. */
  readonly path: readonly string[]
  /** As the file has it; `null` where it is not there. */
  readonly before: unknown
  readonly after: unknown
  readonly words: string
}

/** A waiting job for which the new policy plans otherwise: both plans are of the pool as it is now. */
export interface MovedJobView {
  readonly job: JobId
  readonly before: PlannedView | null
  readonly after: PlannedView | null
  readonly words: string
}

/** What a plan says of a waiting job. */
export interface PlannedView {
  /** From 1; `null`: it does not stand in the queue. */
  readonly place: number | null
  readonly state: "start" | "reserved" | "waits"
  /** `null`: nobody can say. */
  readonly startAt: number | null
  /** Nothing is kept for it: the time is a guess. */
  readonly estimate: boolean
  readonly hosts: readonly string[]
  /** Jobs that would leave for it. */
  readonly preempts: readonly JobId[]
  /** Why it waits: stable for scripts, and in words. */
  readonly code: string
  readonly reason: string
}

/** GET /v1/policy/snapshot?mask=BOOLEAN (admin) */
export interface SnapshotView {
  readonly at: number
  readonly masked: boolean
  /** A described cluster and queue (docs/policy-formats.md). */
  readonly snapshot: Readonly<Record<string, unknown>>
}
