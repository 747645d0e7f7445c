import { isLinked } from "../../protocol/gang.ts"
import type { Cause, Verdict } from "../../protocol/job-state.ts"
import type { JobRecord } from "../../store/job-record.ts"

/** What the end of an attempt means for its job. */
export type Outcome =
  | { readonly kind: "ends"; readonly verdict: Verdict }
  | { readonly kind: "again"; readonly waitMs: number }

/** How an attempt ended, as far as it matters here. */
export interface AttemptEnd {
  readonly cause: Cause
  readonly exitCode: number | null
  readonly signal: number | null
  /** The command did not run, nor will it: then even a job that may run only once can be tried again. */
  readonly neverRan: boolean
  /** It slipped between server and agent without anybody's fault and never ran: another try costs nothing. */
  readonly slipped: boolean
}

/** The job is not to blame and always gets another try. */
const STEPPED_ASIDE: ReadonlySet<Cause> = new Set(["preempted", "owner_returned", "owner_policy"])
/** Lost with its host, or could not start: another try as far as the retry policy allows. */
const LOST: ReadonlySet<Cause> = new Set([
  "host_crashed",
  "host_restarted",
  "link_lost",
  "supervisor_lost",
  "start_failed",
  "workspace_failed",
  "data_failed",
  "environment_failed",
  "disk_full",
])

const FIRST_WAIT_MS = 1_000
const LAST_WAIT_MS = 60_000

/** Decides between the end of the job and another try. Pure. */
export function outcomeOf(job: JobRecord, end: AttemptEnd): Outcome {
  const { cause, exitCode, signal } = end
  const ends = (state: Verdict["state"], as: Cause = cause): Outcome => ({
    kind: "ends",
    verdict: { state, cause: as, exitCode, signal },
  })
  if (cause === "exited") return ends(exitCode === 0 ? "succeeded" : "failed")
  if (cause === "cancelled") return ends("cancelled")
  if (cause === "time_limit" || cause === "deadline") return ends("timed_out")
  // Whoever asked for the end of a job does not want it tried again.
  if (job.stop !== null && (LOST.has(cause) || STEPPED_ASIDE.has(cause) || cause === "resume_failed")) {
    return ends("cancelled", job.stop.cause)
  }
  if (cause === "resume_failed") {
    // It did not live to go on, which is no fault of its own: once. Where it does not the second time either, it failed.
    const hadItBefore = job.attempts.some((attempt) => attempt.state === "ended" && attempt.cause === cause)
    if (!job.spec.retry.once && !hadItBefore) return { kind: "again", waitMs: 0 }
    return ends("failed", signal !== null ? "signalled" : exitCode !== null ? "exited" : cause)
  }
  if (job.spec.retry.once && !end.neverRan) return ends("failed")
  // Refused by a host that was not free: by then it has told so, or will at once.
  if (STEPPED_ASIDE.has(cause)) return { kind: "again", waitMs: end.neverRan ? FIRST_WAIT_MS : 0 }
  // It could not outlive its link: that was known when it was sent, and is no failure of it. A hive is planned anew, on the hosts there are then.
  if (cause === "link_lost" && isLinked(job.spec) && job.spec.kind !== "hive") return { kind: "again", waitMs: 0 }
  if (end.slipped || (LOST.has(cause) && mayTryAgain(job))) {
    // A host that cannot start anything must not be tried in a tight circle.
    const waitMs = end.neverRan
      ? Math.min(LAST_WAIT_MS, FIRST_WAIT_MS * 2 ** ((job.attempts.at(-1)?.number ?? 1) - 1))
      : 0
    return { kind: "again", waitMs }
  }
  return ends("failed")
}

/** Whether the retry policy grants one more attempt after the present one is lost. */
export function mayTryAgain(job: JobRecord): boolean {
  const lost = job.attempts.filter(({ cause, state }) => state === "ended" && cause !== null && LOST.has(cause))
  // Of an attempt on several hosts any number of members may be lost.
  return !job.spec.retry.once && new Set(lost.map(({ number }) => number)).size < job.spec.retry.limit
}

/** A job that must reach the local network ends so long after its link, as on a Mac it could not reach it any more. */
const LINK_GRACE_MS = 60_000

/** How long an attempt of the job may be out of contact before its agent ends it, in milliseconds; `null`: for ever. */
export function silenceLimitMs(job: JobRecord): number | null {
  const { retry } = job.spec
  const granted = mayTryAgain(job) ? retry.afterSilenceMs : null
  return isLinked(job.spec) ? Math.min(LINK_GRACE_MS, granted ?? LINK_GRACE_MS) : granted
}
