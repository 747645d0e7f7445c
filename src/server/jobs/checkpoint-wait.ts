import { type JobCheckpoint, mayBeTriedAgain } from "../../protocol/checkpoint.ts"
import { isFinal } from "../../protocol/job-state.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import { leavesCheckpoint } from "./close-attempt.ts"
import type { Tried } from "./job-table.ts"
import type { AttemptEnd } from "./outcome.ts"

/** So long a job waits for what its ended attempt wrote, from its end and from the last piece that came. */
export const CHECKPOINT_WAIT_MS = 5 * 60_000

const NO_CHECKPOINT: JobCheckpoint = { kept: null, awaited: null, problem: null }

/**
 * An attempt has ended and its job is tried again: what it wrote is awaited, where there may be any. Of one that was given up
 * unheard, nobody waits for it, but it is taken if it comes before the next begins. Returns whether the job waits. Within a change,
 * before the job is queued.
 */
export function awaitCheckpoint(core: Core, { job, attempt }: Tried, end: AttemptEnd): boolean {
  const { kept } = job.checkpoint ?? NO_CHECKPOINT
  const { checkpoint: globs } = job.spec
  // A crash tears what was being written, or not yet on the disk: only who says what its checkpoint is has seen to that.
  const isSafe = end.cause !== "host_crashed" || (globs !== null && globs.length > 0)
  const mayCome = attempt.onHost && !end.neverRan && mayBeTriedAgain(end.cause) && globs?.length !== 0
  if (mayCome && isSafe) {
    const isSilent = attempt.outOfContactSince !== null
    const until = core.clock.now() + (isSilent ? 0 : CHECKPOINT_WAIT_MS)
    job.checkpoint = { kept, awaited: { attempt: attempt.number, until }, problem: null }
    return !isSilent
  }
  // What never ran has changed nothing of what there was.
  if (end.neverRan || globs?.length === 0) return false
  const problem = isSafe
    ? `what attempt ${attempt.number} wrote is lost with its host`
    : `${attempt.hostName} crashed while attempt ${attempt.number} wrote`
  job.checkpoint = { kept, awaited: null, problem }
  tellWithout(core, job, problem)
  return false
}

/** Whether what the attempt wrote is still of use: its job has not begun anew, and will. */
export function awaitsCheckpoint({ job, attempt }: Tried): boolean {
  if (job.checkpoint?.awaited?.attempt !== attempt.number || !leavesCheckpoint(attempt)) return false
  // The main member of several hosts may have written it while others are still about to end.
  return job.state === "queued" || job.state === "held" || (attempt.member !== undefined && !isFinal(job.state))
}

/** Its host, unheard of so far, is back and may have it. What could not begin elsewhere meanwhile waits for that. Within a change. */
export function awaitAtContact(core: Core, tried: Tried): void {
  const { awaited = null } = tried.job.checkpoint ?? {}
  if (awaited !== null && awaited.until <= core.clock.now()) awaitLonger(core, tried)
}

/** Something of it has come: the job waits on. Within a change. */
export function awaitLonger(core: Core, tried: Tried): void {
  const { job, attempt } = tried
  if (!awaitsCheckpoint(tried)) return
  const until = core.clock.now() + CHECKPOINT_WAIT_MS
  settleCheckpoint(core, job, {
    ...(job.checkpoint ?? NO_CHECKPOINT),
    awaited: { attempt: attempt.number, until },
  })
}

/** What is awaited does not come: the job begins with what there was before. Within a change. */
export function giveUpCheckpoint(core: Core, tried: Tried, why: string): void {
  if (awaitsCheckpoint(tried)) dropAwaited(core, tried.job, why)
}

/** Nothing is awaited any more. Within a change. */
export function dropAwaited(core: Core, job: JobRecord, problem: string): void {
  const { kept, awaited } = job.checkpoint ?? NO_CHECKPOINT
  if (awaited === null) return
  settleCheckpoint(core, job, { kept, awaited: null, problem })
  tellWithout(core, job, problem)
}

/** Lets go of what was kept where some of it is gone from the server's disk; returns whether it was. Within a change. */
export function dropDamaged(core: Core, job: JobRecord): boolean {
  const { kept } = job.checkpoint ?? NO_CHECKPOINT
  if (kept === null || core.blobs.of(job.user).whole.missingFrom(kept.tree).length === 0) return false
  const problem = `what attempt ${kept.attempt} wrote is damaged or gone on the server's disk`
  settleCheckpoint(core, job, { kept: null, awaited: job.checkpoint?.awaited ?? null, problem })
  tellWithout(core, job, problem)
  return true
}

function tellWithout(core: Core, job: JobRecord, problem: string): void {
  const kept = job.checkpoint?.kept ?? null
  const begins = kept === null ? "with what was sent" : `with what attempt ${kept.attempt} wrote`
  const message = `Job ${job.id} begins ${begins}: ${problem}`
  core.ledger.event({ type: "notice", message, host: null, job: job.id })
}

/** Records where the job stands with its checkpoint; where it waits in the queue, it does so for as long as that says. Within a change. */
export function settleCheckpoint(core: Core, job: JobRecord, checkpoint: JobCheckpoint): void {
  job.checkpoint = checkpoint
  if (isFinal(job.state)) return
  core.ledger.jobChanged(job)
  core.table.requeue(job)
  core.wakePlanner()
}
