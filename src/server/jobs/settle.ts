/**
 * From the exit of the command to the moment the host may forget the attempt: the lease, the output, the outputs. Each
 * arrives on its own and in any order; when all that counts is here the job gets its final state.
 */
import { formatBytes } from "../../base/bytes.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import { settleGang } from "../gang/settle-gang.ts"
import { passOnStopped } from "../queue/stop-for.ts"
import { awaitsCheckpoint, giveUpCheckpoint } from "./checkpoint-wait.ts"
import { conclude, isCurrent, leavesCheckpoint, mayComeLate } from "./close-attempt.ts"
import type { Tried } from "./job-table.ts"

/** The processes are gone: the lease is free and the next job may start. Within a change. */
export function recordSwept(core: Core, tried: Tried): void {
  const { attempt } = tried
  if (!attempt.swept) {
    attempt.swept = true
    core.ledger.attemptChanged(attempt)
    core.table.releaseLease(attempt)
    passOnStopped(core, tried)
    core.wakePlanner()
  }
  trySettle(core, tried)
}

/** Looks whether all output told of has arrived, and if so sees it onto the disk. Within a change. */
export function settleOutput(core: Core, tried: Tried): void {
  const { attempt } = tried
  if (!attempt.logComplete && attempt.stdoutBytes !== null && attempt.stderrBytes !== null) {
    const totals = { stdout: attempt.stdoutBytes, stderr: attempt.stderrBytes }
    if (totals.stdout + totals.stderr === 0) {
      // Nobody need look for files that were never made; but somebody may be following.
      core.logs.liveIfOpen(attempt.job, attempt.number, attempt.member?.rank)?.finish(totals)
      completeOutput(core, tried)
    } else {
      const log = core.logs.live(attempt.job, attempt.number, attempt.member?.rank)
      if (log.received("stdout") < totals.stdout || log.received("stderr") < totals.stderr) {
        core.awaitOutput(attempt.id)
        return
      }
      log.finish(totals)
      core.ledger.afterCommit(() => void seeOntoDisk(core, tried))
    }
  }
  trySettle(core, tried)
}

/** Whether all output told of can be read, or that some is missing: nobody who sees the job's end must find less than all of it. */
export function outputReadable(core: Core, { attempt }: Tried): boolean {
  if (attempt.logComplete) return true
  const log = core.logs.live(attempt.job, attempt.number, attempt.member?.rank)
  if (log.finished) return true
  if (attempt.stdoutBytes === null || attempt.stderrBytes === null) return false
  return log.written("stdout") >= attempt.stdoutBytes && log.written("stderr") >= attempt.stderrBytes
}

async function seeOntoDisk(core: Core, tried: Tried): Promise<void> {
  const { attempt } = tried
  const log = core.logs.live(attempt.job, attempt.number, attempt.member?.rank)
  try {
    await log.flushed()
    // Mostly it was in the files already when the exit was recorded. A slow or full disk holds the job's end up, no longer than needed.
    if (attempt.state === "finishing" && !core.signal.aborted) {
      await core.ledger.change(() => {
        const now = core.table.attempt(attempt.id)
        if (now !== undefined) trySettle(core, now)
      })
    }
    await log.sync()
    if (core.signal.aborted) return
    const complete = () => {
      const now = core.table.attempt(attempt.id)
      if (now === undefined) return
      completeOutput(core, now)
      trySettle(core, now)
    }
    await core.ledger.change(complete, { lazyMs: LAZY_MS })
  } catch (error) {
    // The host keeps its copy until it is told otherwise; the next contact tries again.
    core.report(`Cannot make the output of job ${attempt.job} durable`, error)
  }
}

function completeOutput(core: Core, tried: Tried): void {
  const { attempt } = tried
  if (!attempt.logComplete) {
    attempt.logComplete = true
    core.ledger.attemptChanged(attempt)
    core.ledger.afterCommit(() => core.logs.settle(attempt.job, attempt.number, attempt.member?.rank))
  }
}

/**
 * Output that has not come yet is given up: where it is missing is written into the log, and the job's end waits for nothing
 * more of it. Within a change.
 */
export function settleShortOutput(core: Core, tried: Tried, why: string): void {
  const { attempt } = tried
  const { stdoutBytes, stderrBytes } = attempt
  if (attempt.logComplete) return
  const log = core.logs.live(attempt.job, attempt.number, attempt.member?.rank)
  const totals = stdoutBytes === null || stderrBytes === null ? null : { stdout: stdoutBytes, stderr: stderrBytes }
  const lacking = totals && totals.stdout + totals.stderr - log.received("stdout") - log.received("stderr")
  // All of it is here, and on its way to the disk.
  if (lacking === 0) return
  const what =
    lacking === null ? "the end of its output may be missing" : `${formatBytes(lacking)} of its output is missing`
  attempt.message = [attempt.message, `${what}: ${why}`].filter((part) => part !== null).join("; ")
  core.ledger.attemptChanged(attempt)
  const message = `Of job ${attempt.job} ${what}: ${why}`
  core.ledger.event({ type: "notice", message, host: attempt.hostId, job: attempt.job })
  log.finish(totals)
  core.ledger.afterCommit(() => void seeOntoDisk(core, tried))
}

/** Whatever output has not come will not come: the host no longer has the attempt. Frees the lease too. */
export function settleLostOutput(core: Core, tried: Tried): void {
  const { job, attempt } = tried
  if (leavesCheckpoint(attempt)) stopWaitingForLate(core, job)
  giveUpCheckpoint(core, tried, `what attempt ${attempt.number} wrote is lost with its host`)
  if (!attempt.logComplete) {
    const { stdoutBytes, stderrBytes } = attempt
    const totals = stdoutBytes === null || stderrBytes === null ? null : { stdout: stdoutBytes, stderr: stderrBytes }
    const log = core.logs.live(attempt.job, attempt.number, attempt.member?.rank)
    log.finish(totals)
    attempt.logComplete = true
    const settled = () => core.logs.settle(attempt.job, attempt.number, attempt.member?.rank)
    core.ledger.afterCommit(() => void log.flushed().then(settled, () => {}))
  }
  attempt.swept = true
  attempt.onHost = false
  core.ledger.attemptChanged(attempt)
  core.table.removeAttempt(tried)
  passOnStopped(core, tried)
  core.wakePlanner()
}

/** Gives the job its final state when everything is here, and tells the host to forget what it need not keep. */
export function trySettle(core: Core, tried: Tried): void {
  const { job, attempt } = tried
  if (attempt.member !== undefined) settleGang(core, job)
  else if (attempt.state === "finishing" && isCurrent(tried) && job.verdict !== null) {
    if (job.outputs?.state === "collecting" || !outputReadable(core, tried)) return
    conclude(core, job, attempt, job.verdict)
  }
  if (mayForget(tried)) {
    const message = { type: "forget", attempt: attempt.id, sequence: attempt.sequence } as const
    core.ledger.send(core.fleet.get(attempt.hostId), message)
  }
}

/** Outputs that were given up no longer come, whatever the host does. Within a change. */
export function stopWaitingForLate(core: Core, job: JobRecord): void {
  if (job.outputs?.late !== true) return
  const { late: _, ...outputs } = job.outputs
  job.outputs = outputs
  core.ledger.jobChanged(job)
}

/** Whether the server has all it will ever want of an attempt that a host still holds. */
export function mayForget(tried: Tried): boolean {
  const { attempt } = tried
  if (!attempt.onHost || attempt.state !== "ended" || !attempt.swept || !attempt.logComplete) return false
  return !mayComeLate(tried) && !awaitsCheckpoint(tried)
}

/** That a host may forget an attempt is news that can wait for the next commit. */
const LAZY_MS = 20
