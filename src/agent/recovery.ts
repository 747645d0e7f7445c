import { existsSync, readdirSync, renameSync } from "node:fs"
import { join } from "node:path"
import type { FoundAttempt } from "../protocol/agent-wire.ts"
import type { AttemptId, JobId } from "../protocol/ids.ts"
import type { AgentContext } from "./agent-context.ts"
import { Attempt } from "./attempt.ts"
import { type InspectedAttempt, inspectAttempt, outputSizes } from "./attempt-folder.ts"
import { readWent } from "./gate.ts"
import { noteLeft } from "./owner/leaving.ts"
import { measured } from "./owner/suspension.ts"
import { verdictAfterPause } from "./owner/verdict-after-pause.ts"
import { lastSignMs } from "./sign-of-life.ts"
import { readSleeps } from "./sleep-watch.ts"
import { supervisorSweepsAll } from "./sweep-rest.ts"
import { wasWarned } from "./warning.ts"

const NEVER_RAN = ".never-ran"

/** An attempt whose folder was here without a record: it never ran, and unless it is started again it never will. */
export type NeverRan = Pick<FoundAttempt, "attempt" | "job" | "sequence">

/**
 * Reads what earlier agents left: rebuilds every attempt that ran, and takes the folders of those that did not out of the way,
 * so that a supervisor that is late finds no place to take the right to run. To be called once, holding the lock.
 */
export function recoverAttempts(context: AgentContext): NeverRan[] {
  const neverRan: NeverRan[] = []
  for (const name of readdirSync(context.folder.attempts)) {
    const sequence = Number(/^(\d+)(\.never-ran)?$/.exec(name)?.[1])
    if (!Number.isSafeInteger(sequence) || sequence <= 0) continue
    const path = join(context.folder.attempts, name)
    if (context.highWater.isForgotten(sequence)) {
      context.trash.removeLater(path, 0, () => context.highWater.removed(sequence))
      continue
    }
    const found = name.endsWith(NEVER_RAN) ? inspectAttempt(path) : takeAside(context, path)
    const id = (found.order?.attempt ?? (found.record ?? found.intent)?.attempt) as AttemptId | undefined
    const job = (found.order?.job ?? (found.record ?? found.intent)?.job) as JobId | undefined
    if (id === undefined || job === undefined) {
      // Nothing in it can be read, so it cannot have run: the record comes first, and is synced.
      context.trash.discard(existsSync(path) ? path : `${path}${NEVER_RAN}`)
    } else if (mayHaveRun(found, context.platform.bootId)) {
      const attempt = new Attempt(id, job, sequence, path, found.order)
      rebuild(context, attempt, found)
      context.attempts.set(sequence, attempt)
    } else if (!context.attempts.has(sequence)) neverRan.push({ attempt: id, job, sequence })
  }
  return neverRan.filter((one) => !context.attempts.has(one.sequence))
}

/**
 * After a restart of the host the link of the record may have been lost, but not the synced file it was made from. And a job can
 * remove its own record: whatever else is only there once a command runs tells as much.
 */
function mayHaveRun({ record, intent, status, swept, hasRoom }: InspectedAttempt, bootId: string): boolean {
  if (record !== null || status !== null || swept !== null) return true
  // Without either record it is between two system calls of its supervisor, or a job has removed both and runs on.
  return intent === null ? hasRoom : intent.bootId !== bootId || intent.child !== null
}

/** Looks into a folder and, when it has no record, renames it away first: what is said about it then stays true. */
function takeAside(context: AgentContext, path: string): InspectedAttempt {
  const found = inspectAttempt(path)
  if (mayHaveRun(found, context.platform.bootId)) return found
  const aside = `${path}${NEVER_RAN}`
  // One put aside before was an earlier try of the same attempt.
  context.trash.discard(aside)
  renameSync(path, aside)
  const after = inspectAttempt(aside)
  // A supervisor was quicker by a hair.
  if (mayHaveRun(after, context.platform.bootId)) renameSync(aside, path)
  return after
}

function rebuild(context: AgentContext, attempt: Attempt, found: InspectedAttempt): void {
  const { record, intent, status, swept } = found
  const held = record ?? intent
  const thisBoot = held?.bootId === context.platform.bootId
  attempt.suspension.recover(attempt.folder, {
    uptimeMs: context.clock.sleepCountingMs(),
    wallMs: context.clock.now(),
    startedUptimeMs: thisBoot ? (held?.uptimeMs ?? null) : null,
    startedWallMs: held?.startedAt ?? null,
  })
  attempt.status = status === null ? null : verdictAfterPause(attempt, status)
  noteLeft(context, attempt)
  attempt.hadShell = found.hadShell
  attempt.warned = wasWarned(attempt.folder)
  if (held === null) {
    attempt.phase = "lost"
    return
  }
  const supervised = thisBoot && context.platform.supervises(held.pid, held.start, attempt.id)
  const hasLeft = thisBoot && !supervised && context.platform.isAlive(held.pid, held.start)
  attempt.supervisor = hasLeft ? null : { pid: held.pid, start: held.start }
  attempt.group = held.child
  attempt.hasSecrets = existsSync(join(attempt.folder, "secrets"))
  attempt.startedAt = held.startedAt
  attempt.startedUptimeMs = held.uptimeMs
  attempt.sleeps = readSleeps(attempt.folder)
  if (attempt.order?.member !== undefined) attempt.gate.went = readWent(attempt.folder)
  const wasSwept = swept !== null && swept.strays.length === 0
  const isSwept = !thisBoot || status?.stdoutBytes != null || wasSwept
  if (status !== null && isSwept && supervisorSweepsAll(context, attempt)) {
    const sizes = outputSizes(attempt.folder)
    attempt.totals = {
      stdout: status.stdoutBytes ?? swept?.stdoutBytes ?? sizes.stdout,
      stderr: status.stderrBytes ?? swept?.stderrBytes ?? sizes.stderr,
    }
    attempt.phase = "ended"
  } else if (supervised) attempt.phase = status === null ? "running" : "sweeping"
  else {
    attempt.phase = "lost"
    attempt.lastSignMs = lastSignMs(context, attempt)
  }
}

/** How an attempt is told of in `hello`. */
export function foundAttempt(attempt: Attempt): FoundAttempt {
  const { id, job, sequence, startedAt, exit, suspension } = attempt
  const phase = exit === null ? "running" : "exited"
  const { stopped, earlierMs, asides } = suspension
  return {
    attempt: id,
    job,
    sequence,
    phase,
    startedAt,
    exit,
    ...(stopped === null || exit !== null ? {} : { suspendedAt: Math.round(stopped.at), ...measured(stopped) }),
    ...(earlierMs === 0 ? {} : { suspendedMs: Math.round(earlierMs) }),
    ...(asides.length === 0 ? {} : { asides }),
  }
}
