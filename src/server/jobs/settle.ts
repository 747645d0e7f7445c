/**
 * From the exit of the command to the moment the host may forget the attempt: the lease, the output, the outputs. Each
 * arrives on its own and in any order; when all that counts is here the job gets its final state.
 */
import type { Core } from "../core.ts"
import { conclude, isCurrent } from "./close-attempt.ts"
import type { Tried } from "./job-table.ts"

/** The processes are gone: the lease is free and the next job may start. Within a change. */
export function recordSwept(core: Core, tried: Tried): void {
  const { attempt } = tried
  if (!attempt.swept) {
    attempt.swept = true
    core.ledger.attemptChanged(attempt)
    core.table.releaseLease(attempt)
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
      core.logs.liveIfOpen(attempt.job, attempt.number)?.finish(totals)
      completeOutput(core, tried)
    } else {
      const log = core.logs.live(attempt.job, attempt.number)
      if (log.received("stdout") < totals.stdout || log.received("stderr") < totals.stderr) return
      log.finish(totals)
      core.ledger.afterCommit(() => void seeOntoDisk(core, tried))
    }
  }
  trySettle(core, tried)
}

/** Whether all output told of can be read: nobody who sees the job's end must find less than all of it. */
function outputReadable(core: Core, { attempt }: Tried): boolean {
  if (attempt.logComplete) return true
  if (attempt.stdoutBytes === null || attempt.stderrBytes === null) return false
  const log = core.logs.live(attempt.job, attempt.number)
  return log.written("stdout") >= attempt.stdoutBytes && log.written("stderr") >= attempt.stderrBytes
}

async function seeOntoDisk(core: Core, tried: Tried): Promise<void> {
  const { attempt } = tried
  const log = core.logs.live(attempt.job, attempt.number)
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
    core.ledger.afterCommit(() => core.logs.settle(attempt.job, attempt.number))
  }
}

/** Whatever output has not come will not come: the host no longer has the attempt. Frees the lease too. */
export function settleLostOutput(core: Core, tried: Tried): void {
  const { attempt } = tried
  if (!attempt.logComplete) {
    const { stdoutBytes, stderrBytes } = attempt
    const totals = stdoutBytes === null || stderrBytes === null ? null : { stdout: stdoutBytes, stderr: stderrBytes }
    core.logs.live(attempt.job, attempt.number).finish(totals)
    attempt.logComplete = true
    core.ledger.afterCommit(() => core.logs.settle(attempt.job, attempt.number))
  }
  attempt.swept = true
  attempt.onHost = false
  core.ledger.attemptChanged(attempt)
  core.table.removeAttempt(tried)
  core.wakePlanner()
}

/** Gives the job its final state when everything is here, and tells the host to forget what it need not keep. */
export function trySettle(core: Core, tried: Tried): void {
  const { job, attempt } = tried
  if (attempt.state === "finishing" && isCurrent(tried) && job.verdict !== null) {
    if (job.outputs?.state === "collecting" || !outputReadable(core, tried)) return
    conclude(core, job, attempt, job.verdict)
  }
  if (mayForget(tried)) {
    const message = { type: "forget", attempt: attempt.id, sequence: attempt.sequence } as const
    core.ledger.send(core.fleet.get(attempt.hostId), message)
  }
}

/** Whether the server has all it will ever want of an attempt that a host still holds. */
export function mayForget({ attempt }: Tried): boolean {
  return attempt.onHost && attempt.state === "ended" && attempt.swept && attempt.logComplete
}

/** That a host may forget an attempt is news that can wait for the next commit. */
const LAZY_MS = 20
