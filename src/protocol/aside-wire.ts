import type { AttemptId, JobId } from "./ids.ts"
import { attempt, count, type Raw } from "./raw-check.ts"

/** What server and agent say of an attempt that is stopped so that another job runs beside its memory. A part of the messages of agent-wire.ts. */

/**
 * The attempt is to be stopped for a job, or may go on (`for` is null). Of several the one with the highest `turn` counts, whatever comes when; a
 * repeat is answered as it was. People at the host come before: for their sake it stays stopped, or is ended, as ever.
 */
export interface SuspendFor {
  readonly type: "suspend-for"
  readonly attempt: AttemptId
  readonly sequence: number
  /** Counts up from 1 for each attempt. */
  readonly turn: number
  readonly for: JobId | null
  /** Why, for who looks at the attempt there. */
  readonly text: string
}

/** What the order with this turn wanted is done: all of it is stopped; or nothing of this order stops it any more. */
export interface SuspendedFor {
  readonly type: "suspended-for"
  readonly attempt: AttemptId
  readonly sequence: number
  readonly turn: number
}

export const ASIDE_CHECKS: Readonly<Record<SuspendedFor["type"], (raw: Raw, type: string) => void>> = {
  "suspended-for": (raw, type) => {
    attempt(raw, type)
    count(raw, "turn", type)
  },
}

/** The code of why an attempt is stopped, beside those of owners. */
export const FOR_JOB = "preempted"
