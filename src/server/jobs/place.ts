import type { AttemptOrder } from "../../protocol/agent-wire.ts"
import type { OrderCheckpoint } from "../../protocol/checkpoint.ts"
import { type AttemptId, makeId } from "../../protocol/ids.ts"
import type { Cause } from "../../protocol/job-state.ts"
import { linkText } from "../../scheduler/links/set-link.ts"
import type { Start } from "../../scheduler/plan.ts"
import type { AttemptRecord, JobRecord } from "../../store/job-record.ts"
import { arrayVariables } from "../arrays/array-variables.ts"
import { beginTask } from "../arrays/begin-task.ts"
import type { Core } from "../core.ts"
import { orderData } from "../data/job-data.ts"
import type { FleetHost } from "../fleet/fleet-host.ts"
import { linkOfSet } from "../gang/pool-links.ts"
import { timeLimitOf } from "../queue/standing.ts"
import { notePlaced } from "../usage/record-use.ts"
import { dropAwaited, dropDamaged } from "./checkpoint-wait.ts"
import { bringsOutputs, leavesCheckpoint, NO_OUTPUTS } from "./close-attempt.ts"
import { silenceLimitMs } from "./outcome.ts"
import { trySettle } from "./settle.ts"
import { transition } from "./transition.ts"

/** Where a job, or one member of it, is to run, and what it holds there. */
export type Placement = Pick<Start, "host" | "resources">

/** Gives the job a lease on the host and tells the host to start it; or ends it, where what it needs is gone. Within a change. */
export function place(core: Core, start: Start): void {
  if (core.fleet.get(start.host) === undefined) return
  const waiting = core.table.get(start.job)
  const job = start.task === null || waiting.array === undefined ? waiting : beginTask(core, waiting, start.task)
  placeOn(core, job, [start])
}

/** The same on several hosts, on all or on none: they are its members by rank. Within a change. */
export function placeOn(core: Core, job: JobRecord, placements: readonly Placement[]): void {
  const hosts = placements.flatMap(({ host }) => core.fleet.get(host) ?? [])
  if (hosts.length < placements.length) return
  const secrets = secretsFor(core, job)
  const missing = hosts
    .map(({ record }, rank) => orderData(core, job, record.id, rank))
    .find((data) => typeof data === "string")
  if (typeof secrets === "string" || missing !== undefined) {
    const [cause, reason]: [Cause, string] =
      typeof secrets === "string" ? ["start_failed", secrets] : ["data_failed", String(missing)]
    job.verdict = { state: "failed", cause, exitCode: null, signal: null }
    job.outputs = NO_OUTPUTS
    transition(core, job, "failed", { cause, reason })
    return
  }
  const number = (job.attempts.at(-1)?.number ?? 0) + 1
  readyCheckpoint(core, job, number)
  const size = placements.length
  const link =
    size > 1
      ? linkText(
          linkOfSet(
            core,
            hosts.map(({ record }) => record.id),
          ),
        )
      : ""
  const attempts = placements.map((placement, rank) => {
    const member = size > 1 ? { member: { rank, size, link } } : {}
    return addAttempt(core, job, number, hosts[rank]!, placement, member)
  })
  transition(core, job, "starting")
  for (const [rank, attempt] of attempts.entries()) tellPlaced(core, job, attempt, hosts[rank]!, secrets)
}

function addAttempt(
  core: Core,
  job: JobRecord,
  number: number,
  host: FleetHost,
  { resources }: Placement,
  member: Pick<AttemptRecord, "member">,
): AttemptRecord {
  const sequence = host.record.nextSequence
  host.record = { ...host.record, nextSequence: sequence + 1 }
  core.ledger.hostChanged(host)
  const attempt: AttemptRecord = {
    id: makeId<AttemptId>("a", core.randomBytes(16)),
    job: job.id,
    number,
    hostId: host.record.id,
    hostName: host.record.name,
    sequence,
    lease: resources,
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
    ...member,
  }
  job.attempts.push(attempt)
  core.table.addAttempt({ job, attempt })
  core.ledger.attemptAdded(attempt)
  notePlaced(core, attempt)
  return attempt
}

function tellPlaced(
  core: Core,
  job: JobRecord,
  attempt: AttemptRecord,
  host: FleetHost,
  secrets: Readonly<Record<string, string>>,
): void {
  core.ledger.event({
    type: "attempt_placed",
    job: job.id,
    attempt: attempt.id,
    number: attempt.number,
    ...(attempt.member === undefined ? {} : { rank: attempt.member.rank }),
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
  const { member } = attempt
  return {
    attempt: attempt.id,
    job: job.id,
    jobName: spec.name,
    user: job.user,
    number: attempt.number,
    sequence: attempt.sequence,
    ...(member === undefined ? {} : { member: { rank: member.rank, size: member.size } }),
    // To a host a hive is a command like any other.
    kind: spec.kind === "hive" ? "task" : spec.kind,
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
    outputs: bringsOutputs({ job, attempt }) ? spec.outputs : [],
    checkpoint: checkpointOrder(job, attempt),
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
function checkpointOrder({ spec, checkpoint }: JobRecord, attempt: AttemptRecord): OrderCheckpoint {
  const kept = checkpoint?.kept ?? null
  // Jobs of older releases say nothing of it.
  return {
    globs: leavesCheckpoint(attempt) ? (spec.checkpoint ?? null) : [],
    from: kept && { tree: kept.tree, attempt: kept.attempt },
  }
}

/** What was removed since is still named: the host may have it. */
function ordered(core: Core, job: JobRecord, attempt: AttemptRecord): AttemptOrder["data"] {
  const rank = attempt.member?.rank ?? 0
  const data = orderData(core, job, attempt.hostId, rank)
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
