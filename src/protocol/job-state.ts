/** The states of a job, in the order of its life. */
export const JOB_STATES = [
  "held",
  "queued",
  "starting",
  "running",
  "suspended",
  "finishing",
  "succeeded",
  "failed",
  "cancelled",
  "timed_out",
] as const

export type JobState = (typeof JOB_STATES)[number]

/** Why an attempt or a job ended: one closed list, stable for scripts. */
export const CAUSES = [
  "exited",
  "signalled",
  "time_limit",
  "out_of_memory",
  "cancelled",
  "preempted",
  "owner_returned",
  "owner_policy",
  "host_crashed",
  "host_restarted",
  "link_lost",
  "supervisor_lost",
  "disk_full",
  "start_failed",
  "workspace_failed",
  "data_failed",
  "environment_failed",
  "resume_failed",
  "member_ended",
  "dependency_failed",
  "deadline",
] as const

export type Cause = (typeof CAUSES)[number]

/**
 * Whether an attempt ended for the sake of its host's owner: `owner_returned` where somebody was there, `owner_policy` where what the
 * owner has said for other times wanted it (hours, a pause, battery, the host leaves the pool), or nobody could tell who was there.
 */
export function isForOwner(cause: Cause | null): boolean {
  return cause === "owner_returned" || cause === "owner_policy"
}

/** The one transition table of Windfall (design: life of a job). Everything not listed is refused. */
const NEXT: Readonly<Record<JobState, readonly JobState[]>> = {
  held: ["queued", "cancelled", "failed", "timed_out"],
  queued: ["held", "starting", "cancelled", "failed", "timed_out"],
  starting: ["running", "finishing", "queued", "failed", "cancelled", "timed_out"],
  running: ["suspended", "finishing", "queued", "failed", "cancelled", "timed_out"],
  suspended: ["running", "finishing", "queued", "failed", "cancelled", "timed_out"],
  finishing: ["succeeded", "failed", "cancelled", "timed_out"],
  succeeded: [],
  failed: [],
  cancelled: [],
  timed_out: [],
}

/** Whether a job may go from one state to another. Staying is not a transition. */
export function mayBecome(from: JobState, to: JobState): boolean {
  return NEXT[from].includes(to)
}

/** Whether a job in this state has ended for good. */
export function isFinal(state: JobState): boolean {
  return NEXT[state].length === 0
}

/** Whether an attempt of the job holds a lease on a host. */
export function isPlaced(state: JobState): boolean {
  return state === "starting" || state === "running" || state === "suspended" || state === "finishing"
}

/** How an attempt ended, once that is durable: the verdict never changes afterwards. */
export interface Verdict {
  readonly state: "succeeded" | "failed" | "cancelled" | "timed_out"
  readonly cause: Cause
  /** The command's own exit status, when it ran to an end by itself. */
  readonly exitCode: number | null
  /** The number of the signal that ended the command, when one did. */
  readonly signal: number | null
}

/**
 * The exit code of `send`, `attach` and `wait` for a job that ended (issue: exit codes): the job's own, 128+n for a
 * signal, 124 time limit, 130 stopped by the user, 125 when Windfall or the host failed.
 */
export function exitCodeOf(verdict: Pick<Verdict, "cause" | "exitCode" | "signal">): number {
  switch (verdict.cause) {
    case "time_limit":
    case "deadline":
      return 124
    case "cancelled":
      return 130
    case "exited":
      return verdict.exitCode ?? 125
    case "signalled":
      return verdict.signal === null ? 125 : 128 + verdict.signal
    case "out_of_memory":
      return 137
    default:
      return 125
  }
}
