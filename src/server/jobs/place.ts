import type { AttemptOrder } from "../../protocol/agent-wire.ts"
import type { OrderCheckpoint } from "../../protocol/checkpoint.ts"
import { type AttemptId, makeId } from "../../protocol/ids.ts"
import type { Cause } from "../../protocol/job-state.ts"
import type { Start } from "../../scheduler/plan.ts"
import type { AttemptRecord, JobRecord } from "../../store/job-record.ts"
import { arrayVariables } from "../arrays/array-variables.ts"
import { beginTask } from "../arrays/begin-task.ts"
import type { Core } from "../core.ts"
import { orderData } from "../data/job-data.ts"
import { timeLimitOf } from "../queue/standing.ts"
import { notePlaced } from "../usage/record-use.ts"
import { dropAwaited, dropDamaged } from "./checkpoint-wait.ts"
import { NO_OUTPUTS } from "./close-attempt.ts"
import { silenceLimitMs } from "./outcome.ts"
import { trySettle } from "./settle.ts"
import { transition } from "./transition.ts"

/** Gives the job a lease on the host and tells the host to start it; or ends it, where what it needs is gone. Within a change. */
export function place(core: Core, start: Start): void {
  const host = core.fleet.get(start.host)
  if (host === undefined) return
  const waiting = core.table.get(start.job)
  const job = start.task === null || waiting.array === undefined ? waiting : beginTask(core, waiting, start.task)
  const secrets = secretsFor(core, job)
  const data = orderData(core, job, host.record.id)
  if (typeof secrets === "string" || typeof data === "string") {
    const [cause, reason]: [Cause, string] =
      typeof secrets === "string" ? ["start_failed", secrets] : ["data_failed", String(data)]
    job.verdict = { state: "failed", cause, exitCode: null, signal: null }
    job.outputs = NO_OUTPUTS
    transition(core, job, "failed", { cause, reason })
    return
  }
  const sequence = host.record.nextSequence
  host.record = { ...host.record, nextSequence: sequence + 1 }
  core.ledger.hostChanged(host)
  const attempt: AttemptRecord = {
    id: makeId<AttemptId>("a", core.randomBytes(16)),
    job: job.id,
    number: (job.attempts.at(-1)?.number ?? 0) + 1,
    hostId: host.record.id,
    hostName: host.record.name,
    sequence,
    lease: start.resources,
    placedAt: core.clock.now(),
    state: "starting",
    startedAt: null,
    endedAt: null,
    outOfContactSince: null,
    cause: null,
    exitCode: null,
    signal: null,
    message: null,
    peakMemoryBytes: null,
    stdoutBytes: null,
    stderrBytes: null,
    swept: false,
    fenced: false,
    onHost: true,
    logComplete: false,
    suspended: null,
    suspendedMs: 0,
  }
  readyCheckpoint(core, job, attempt.number)
  job.attempts.push(attempt)
  core.table.addAttempt({ job, attempt })
  core.ledger.attemptAdded(attempt)
  notePlaced(core, attempt)
  transition(core, job, "starting")
  core.ledger.event({
    type: "attempt_placed",
    job: job.id,
    attempt: attempt.id,
    number: attempt.number,
    host: attempt.hostId,
    hostName: attempt.hostName,
    ...(job.checkpoint?.kept == null ? {} : { checkpoint: job.checkpoint.kept.attempt }),
  })
  core.ledger.send(host, { type: "start", order: orderOf(core, job, attempt), secrets })
}

/** What is to be laid out is here, or the job begins without it. What is still awaited comes too late now. */
function readyCheckpoint(core: Core, job: JobRecord, number: number): void {
  const { awaited = null } = job.checkpoint ?? {}
  if (awaited !== null) {
    dropAwaited(core, job, `what attempt ${awaited.attempt} wrote had not come when attempt ${number} began`)
    const earlier = job.attempts.find((one) => one.number === awaited.attempt)
    if (earlier !== undefined) trySettle(core, { job, attempt: earlier })
  }
  dropDamaged(core, job)
}

/** The order for an attempt: the same each time it is asked for. */
export function orderOf(core: Core, job: JobRecord, attempt: AttemptRecord): AttemptOrder {
  const { spec } = job
  return {
    attempt: attempt.id,
    job: job.id,
    jobName: spec.name,
    user: job.user,
    number: attempt.number,
    sequence: attempt.sequence,
    kind: spec.kind,
    command: spec.command,
    env: job.task === undefined ? spec.env : { ...spec.env, ...arrayVariables(core, job) },
    workspace: spec.workspace,
    workingFolder: spec.workingFolder,
    lease: attempt.lease,
    memoryAsked: spec.resources.memoryBytes !== null,
    timeLimitMs: timeLimitOf(job),
    graceMs: spec.graceMs,
    stopSignal: spec.stopSignal,
    ...(spec.warning === undefined ? {} : { warning: spec.warning }),
    outputs: spec.outputs,
    checkpoint: checkpointOrder(job),
    stdin: spec.stdin,
    data: ordered(core, job, attempt),
    pty: spec.pty,
    // Jobs of older releases have none.
    environment: spec.environment ?? null,
    silenceLimitMs: silenceLimitMs(job),
    outputHeadBytes: core.limits.outputHeadBytes,
    outputTailBytes: core.limits.outputTailBytes,
  }
}

/** As long as an attempt runs, what it began with stays what the job has. */
function checkpointOrder({ spec, checkpoint }: JobRecord): OrderCheckpoint {
  const kept = checkpoint?.kept ?? null
  // Jobs of older releases say nothing of it.
  return { globs: spec.checkpoint ?? null, from: kept && { tree: kept.tree, attempt: kept.attempt } }
}

/** What was removed since is still named: the host may have it. */
function ordered(core: Core, job: JobRecord, attempt: AttemptRecord): AttemptOrder["data"] {
  const data = orderData(core, job, attempt.hostId)
  if (typeof data !== "string") return data
  return job.spec.data.map(({ name, path, root, bytes }) => ({ name, path, root, bytes, place: null }))
}

/** The values of the job's secrets, or what is wrong with them in words. */
export function secretsFor(core: Core, job: JobRecord): Record<string, string> | string {
  const secrets: Record<string, string> = {}
  for (const name of job.spec.secrets) {
    const sealed = core.store.accounts.secret(job.user, name)
    if (sealed === undefined) return `the secret ${name} was removed after the job was sent`
    try {
      secrets[name] = core.secrets.open(sealed, `${job.user}/${name}`)
    } catch {
      return `the secret ${name} cannot be read with this server's key`
    }
  }
  return secrets
}
