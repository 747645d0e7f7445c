import { join } from "node:path"
import { isDeepStrictEqual } from "node:util"
import { CAUSES, type Cause } from "../protocol/job-state.ts"
import { type AgentContext, nameOf, tell } from "./agent-context.ts"
import type { Attempt } from "./attempt.ts"
import { inspectAttempt, outputSizes, readStopCause } from "./attempt-folder.ts"
import { withBallastSync } from "./ballast.ts"
import { buildProblem } from "./build-problem.ts"
import { tellMade } from "./collecting.ts"
import { darkenFor } from "./darken.ts"
import { writeDurably } from "./durable-file.ts"
import { afterLimit } from "./kernel-limit.ts"
import { refuse } from "./launch.ts"
import { noteLeft } from "./owner/leaving.ts"
import { verdictAfterPause } from "./owner/verdict-after-pause.ts"
import { carryOut } from "./stopping.ts"
import { formatStatus, type SupervisorStatus, type SupervisorSwept, type ToldLine } from "./supervisor-text.ts"
import { supervisorSweepsAll, sweepRest } from "./sweep-rest.ts"

/** How far two looks at the clock that counts sleep may be apart by themselves: it moves in steps of 10 ms. */
const UPTIME_GRAIN_MS = 20
const ENOSPC = 28
const EFBIG = 27

/** Takes what supervisors say. Every line may come twice, or late: after the folder already told the same. */
export function takeSupervisorLines(context: AgentContext, lines: readonly ToldLine[]): void {
  for (const line of lines) {
    const attempt = context.attempts.get(line.sequence)
    if (attempt === undefined || !(line.isProven || isWritten(attempt, line))) continue
    switch (line.kind) {
      case "started":
        if (attempt.phase === "launching") started(context, attempt, line)
        break
      case "ended":
        if (attempt.status === null && attempt.supervisor !== null) commandEnded(context, attempt, line.status)
        break
      case "swept":
        if (attempt.phase === "sweeping") void treeGone(context, attempt, line.swept)
        break
      case "failed":
        if (attempt.phase !== "launching") break
        refuse(context, attempt, line.errno === ENOSPC ? "disk_full" : "start_failed", startFailure(line.message))
        break
      case "died":
        context.supervisorDied(attempt)
        break
      case "held":
        tell(context, attempt, { type: "notice", ...nameOf(attempt), message: outputHeld(attempt, line) })
        break
    }
  }
}

/** What supervisors of an earlier agent say counts where their files say the same; they write those first. */
function isWritten({ folder }: Attempt, line: ToldLine): boolean {
  if (line.kind === "ended") return isDeepStrictEqual(inspectAttempt(folder).status, line.status)
  return line.kind === "swept" && isDeepStrictEqual(inspectAttempt(folder).swept, line.swept)
}

function outputHeld(attempt: Attempt, line: { readonly errno: number; readonly message: string }): string {
  const follows =
    line.errno === EFBIG
      ? "What it prints beyond the largest file its account may have there (ulimit -f) is lost"
      : "What it prints waits until there is room"
  return `Cannot write the output of job ${attempt.job} on its host: ${line.message}. ${follows}`
}

function startFailure(message: string): string {
  return `Cannot start the job on the host: ${message}`
}

function started(
  context: AgentContext,
  attempt: Attempt,
  line: { readonly pid: number; readonly start: string; readonly startedAt: number },
): void {
  supervisedBy(context, attempt, line)
  attempt.phase = "running"
  attempt.secrets = undefined
  // A limit is counted from here and never strikes early, however long the start took.
  attempt.startedUptimeMs = context.clock.sleepCountingMs() + UPTIME_GRAIN_MS
  attempt.startedAt = line.startedAt
  tellStarted(context, attempt)
  context.output.started(attempt.sequence)
  darkenFor(context, attempt)
  if (attempt.stop !== null) carryOut(context, attempt, attempt.stop)
  context.changed()
}

/** Gives an attempt its supervisor. One that starts an attempt has done with those it had before: it is theirs no more. */
export function supervisedBy(
  { attempts }: AgentContext,
  attempt: Attempt,
  { pid, start }: { readonly pid: number; readonly start: string },
): void {
  for (const other of attempts.values()) {
    if (other.supervisor?.pid === pid && other.supervisor.start === start) other.supervisor = null
  }
  attempt.supervisor = { pid, start }
}

export function tellStarted(context: AgentContext, attempt: Attempt): void {
  if (attempt.supervisor === null) return
  const { pid } = attempt.supervisor
  // Half of all tiny jobs have ended before this leaves: one write here, one transaction there.
  if (attempt.adopted) {
    context.link.sendPatiently({ type: "started", ...nameOf(attempt), pid, at: attempt.startedAt ?? 0 })
  }
}

/** The exit status is durable. */
export function commandEnded(context: AgentContext, attempt: Attempt, status: SupervisorStatus): void {
  attempt.status = verdictAfterPause(attempt, status)
  noteLeft(context, attempt)
  attempt.phase = "sweeping"
  const { stdoutBytes, stderrBytes } = status
  if (stdoutBytes !== null && stderrBytes !== null) {
    void treeGone(context, attempt, { stdoutBytes, stderrBytes, strays: [] })
  } else context.changed()
}

/** The supervisor's part of the tree is gone. Where that is not all there can be, the rest is looked for. */
async function treeGone(
  context: AgentContext,
  attempt: Attempt,
  swept: SupervisorSwept,
  isTotal = supervisorSweepsAll(context, attempt) && swept.strays.length === 0,
): Promise<void> {
  attempt.phase = "lost" // from here on nobody else ends it
  if (!isTotal) await sweepRest(context, attempt, swept.strays)
  attempt.totals = { stdout: swept.stdoutBytes, stderr: swept.stderrBytes }
  ended(context, attempt)
}

function ended(context: AgentContext, attempt: Attempt): void {
  attempt.phase = "ended"
  afterLimit(context, attempt)
  context.leftovers.memory.ended(attempt.exit?.peakMemoryBytes ?? 0)
  tellEnd(context, attempt, false)
  context.changed()
}

/** Tells how an attempt ended, again or for the first time, and completes its output. */
export function tellEnd(context: AgentContext, attempt: Attempt, exitKnown: boolean): void {
  if (attempt.status?.cause === "environment_failed") attempt.message ??= buildProblem(attempt.folder)
  const { exit, totals } = attempt
  if (exit === null) return
  if (!exitKnown) {
    const sizes = { stdoutBytes: totals.stdout, stderrBytes: totals.stderr }
    tell(context, attempt, { type: "exited", ...nameOf(attempt), exit, ...sizes })
  }
  tell(context, attempt, { type: "swept", ...nameOf(attempt) })
  if (!attempt.adopted) return
  context.output.completed(attempt.sequence, totals)
  tellMade(context, attempt)
}

/**
 * Ends an attempt in its supervisor's place: the supervisor was killed, or the host restarted under it. What is left of the
 * tree is swept by its token; then the status is written as the supervisor would have.
 */
export async function endWithout(context: AgentContext, attempt: Attempt, cause: Cause): Promise<void> {
  attempt.phase = "lost"
  const stopCause = readStopCause(attempt.folder)
  const verdict = CAUSES.find((known) => known === stopCause) ?? cause
  const wentWithHost = cause === "host_restarted" || cause === "host_crashed"
  if (!wentWithHost) await sweepRest(context, attempt)
  const sizes = outputSizes(attempt.folder)
  attempt.status ??= {
    cause: wentWithHost ? cause : verdict,
    exitCode: null,
    signal: null,
    startedAt: attempt.startedAt ?? 0,
    endedAt: attempt.lastSignMs ?? context.clock.now(),
    peakMemoryBytes: attempt.peakMemoryBytes,
    stdoutBytes: sizes.stdout,
    stderrBytes: sizes.stderr,
  }
  const text = formatStatus(attempt.status)
  try {
    withBallastSync(context.folder.ballast, () => writeDurably(join(attempt.folder, "status"), text))
  } catch {
    // No room at all: the next agent comes to the same end.
  }
  attempt.totals = sizes
  ended(context, attempt)
}

/** Looks at what an attempt's folder says, when its supervisor is gone: it told everything, or it was killed. */
export async function followLost(context: AgentContext, attempt: Attempt): Promise<void> {
  const { record, intent, status, swept } = inspectAttempt(attempt.folder)
  if (status === null) return endWithout(context, attempt, "supervisor_lost")
  attempt.status ??= verdictAfterPause(attempt, status)
  const sizes = outputSizes(attempt.folder)
  const totals = {
    stdoutBytes: status.stdoutBytes ?? swept?.stdoutBytes ?? sizes.stdout,
    stderrBytes: status.stderrBytes ?? swept?.stderrBytes ?? sizes.stderr,
  }
  // A supervisor that was killed while it swept has left the rest to us.
  const sweptByIt = swept !== null || status.stdoutBytes !== null
  const isTotal = sweptByIt && supervisorSweepsAll(context, attempt) && !swept?.strays.length
  const isOfThisBoot = (record ?? intent)?.bootId === context.platform.bootId
  // The numbers of processes it could not end are old by now: they may be others'.
  await treeGone(context, attempt, { ...totals, strays: [] }, isTotal || !isOfThisBoot)
}
