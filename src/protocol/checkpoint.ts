/**
 * What an attempt wrote that the next one of its job begins with: a checkpoint. Brought to the server when an attempt ends that is
 * tried again, laid over the workspace of the next.
 */
import { type AttemptId, type BlobHash, isBlobHash } from "./ids.ts"
import type { Cause } from "./job-state.ts"
import { attempt, count, fail, type Raw, textOrNull } from "./raw-check.ts"

/** Where a job stands with its checkpoint. */
export interface JobCheckpoint {
  /** What its next attempt begins with besides what was sent, and which attempt wrote that; `null`: nothing. */
  readonly kept: {
    readonly attempt: number
    readonly tree: BlobHash
    readonly files: number
    readonly bytes: number
  } | null
  /** An ended attempt whose files may still come, and until when the job waits for them; `null`: none. */
  readonly awaited: { readonly attempt: number; readonly until: number } | null
  /** Why some or all of what was written last is not in `kept`, in words. */
  readonly problem: string | null
}

/** What an order says of it. Absent from older servers: nothing is laid out, and nothing is named. */
export interface OrderCheckpoint {
  /** Globs of what is to be kept should it be tried again; `null`: what comes home. */
  readonly globs: readonly string[] | null
  /** What is laid over the workspace, and which attempt wrote it. */
  readonly from: { readonly tree: BlobHash; readonly attempt: number } | null
}

/**
 * What an attempt wrote of what its order names as checkpoint: told before `outputs` where its end is such that it may be tried
 * again, and where the order names other files than those that come home. A repeat changes nothing. A part of `AgentMessage`.
 */
export interface CheckpointNews {
  readonly type: "checkpoint"
  readonly attempt: AttemptId
  readonly sequence: number
  /** Fetched from `/outputs/ATTEMPT`; `null` when there is nothing. */
  readonly tree: BlobHash | null
  readonly files: number
  readonly bytes: number
  readonly problem: string | null
}

/** Ends after which a job is never tried again: the command's own, or somebody's wish. */
const FINAL_CAUSES: ReadonlySet<Cause> = new Set([
  "exited",
  "signalled",
  "time_limit",
  "out_of_memory",
  "cancelled",
  "deadline",
])

/** Whether an attempt that ended so may be tried again, as far as its cause tells. */
export function mayBeTriedAgain(cause: Cause): boolean {
  return !FINAL_CAUSES.has(cause)
}

/** Checks of it: a part of agent-check.ts. */
export const CHECKPOINT_CHECKS: Readonly<Record<CheckpointNews["type"], (raw: Raw, type: string) => void>> = {
  checkpoint: (raw, type) => {
    attempt(raw, type)
    if (raw.tree !== null && !isBlobHash(raw.tree)) fail(type, "tree")
    count(raw, "files", type)
    count(raw, "bytes", type)
    textOrNull(raw, "problem", type)
  },
}
