import type { JobId } from "./ids.ts"

/** GET /v1/policy: the policy file as it was applied last. Everybody may see it. */
export interface PolicyView {
  /** Counted up from 1; 0: nobody has applied one, and `text` is empty. */
  readonly version: number
  readonly text: string
  readonly appliedAt: number | null
  readonly appliedBy: string | null
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
}

export interface PolicyChangeView {
  /** Keys from the top of the file. */
  readonly path: readonly string[]
  /** As the file has it; `null` where it is not there. */
  readonly before: unknown
  readonly after: unknown
  readonly words: string
}

/** A waiting job whose place in the queue is another by the new policy, as far as that is known beforehand: by tier, rank, age and size. */
export interface MovedJobView {
  readonly job: JobId
  /** From 1. */
  readonly from: number
  readonly to: number
}
