import type { JobCheckpoint } from "../protocol/checkpoint.ts"
import type { LearnedNeed } from "../protocol/earlier-runs.ts"
import type { AttemptId, HostId, JobId } from "../protocol/ids.ts"
import type { AttemptState, JobSpec, OutputsView, Suspension } from "../protocol/job.ts"
import type { TaskOf } from "../protocol/job-array.ts"
import type { Cause, JobState, Verdict } from "../protocol/job-state.ts"
import type { JobStanding } from "../protocol/queue-request.ts"
import type { Resources } from "../protocol/resources.ts"
import type { Sleep } from "../protocol/sleep.ts"
import type { ArrayRecord } from "./array-record.ts"
import type { MemberRecord } from "./member-record.ts"

/** What was asked when a job was told to end. Kept, so that it is also told to an agent that was away. */
export interface StopOrder {
  readonly cause: Cause
  readonly signal: string
  readonly graceMs: number
  readonly at: number
  readonly by: string
}

/** A job as stored and, while it matters, held in memory. Only server/jobs changes one, inside a change of the ledger. */
export interface JobRecord {
  readonly id: JobId
  readonly user: string
  readonly spec: JobSpec
  readonly submittedAt: number
  state: JobState
  /** How it will end; set once with the exit status, never changed after. */
  verdict: Verdict | null
  /** The cause of the latest end of an attempt while requeued, of the job once it has ended. */
  cause: Cause | null
  reason: string | null
  startedAt: number | null
  endedAt: number | null
  outputs: OutputsView | null
  stop: StopOrder | null
  /** What attempts that were tried again left to the next; absent before there was one. */
  checkpoint?: JobCheckpoint
  /** What was said later of its place in the queue; absent where nothing was. */
  standing?: JobStanding
  readonly attempts: AttemptRecord[]
  /** What earlier runs taught when it was sent; absent where that is nothing, or its sender said how much memory. */
  readonly learned?: LearnedNeed
  /** Absent where it is no array. Its own state is that of the tasks which have not begun, then `running` until all have ended. */
  readonly array?: ArrayRecord
  /** Absent where it is no task of an array. */
  readonly task?: TaskOf
}

/** A job that waits and of which nothing was tried yet. */
export function untriedJob(sent: Pick<JobRecord, "id" | "user" | "spec" | "submittedAt">): JobRecord {
  return {
    ...sent,
    state: "queued",
    verdict: null,
    cause: null,
    reason: null,
    startedAt: null,
    endedAt: null,
    outputs: null,
    stop: null,
    attempts: [],
  }
}

/** One try of a job on a host; of a job on several hosts, one member of it: they share their number. */
export interface AttemptRecord {
  readonly id: AttemptId
  readonly job: JobId
  /** From 1 for each job. */
  readonly number: number
  /** Changes only when a host that was removed joins again under a new id and still holds the attempt. */
  hostId: HostId
  readonly hostName: string
  readonly sequence: number
  readonly lease: Resources
  readonly placedAt: number
  state: AttemptState
  startedAt: number | null
  endedAt: number | null
  outOfContactSince: number | null
  cause: Cause | null
  exitCode: number | null
  signal: number | null
  message: string | null
  peakMemoryBytes: number | null
  /** The whole lengths of its output as told with the exit; `null` before. */
  stdoutBytes: number | null
  stderrBytes: number | null
  /** Its processes are gone (or were never there): the lease is free. */
  swept: boolean
  /** Its result no longer counts: given up for silence, or ended while the host was away. */
  fenced: boolean
  /** The host may still hold its folder. */
  onHost: boolean
  /** All output there will ever be is on our disk. */
  logComplete: boolean
  /** When its host slept while it ran, oldest first. */
  sleeps?: readonly Sleep[]
  /** Since when and why it is stopped for the sake of people at its host; `null` when it is not. */
  suspended: Suspension | null
  /** For how long it was stopped before that, in all. */
  suspendedMs: number
  /** Which member it is, and how far; absent where the attempt is on one host. */
  member?: MemberRecord
}
