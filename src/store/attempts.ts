import type { AttemptId, HostId, JobId } from "../protocol/ids.ts"
import type { AttemptState, Suspension } from "../protocol/job.ts"
import type { Cause } from "../protocol/job-state.ts"
import type { Resources } from "../protocol/resources.ts"
import type { Sleep } from "../protocol/sleep.ts"
import type { Database } from "./database.ts"
import type { AttemptRecord } from "./job-record.ts"
import type { MemberRecord } from "./member-record.ts"
import type { Schema } from "./schema.ts"

type Row = Schema["attempts"]

/** The attempts of all jobs. */
export class AttemptStore {
  readonly #insert
  readonly #update
  readonly #ofJob
  readonly #byId

  constructor(database: Database) {
    this.#insert = database.statement<Row>((q, v) => q.insertInto("attempts").values(columns(v)))
    this.#update = database.statement<Row>((q, v) => q.updateTable("attempts").set(changing(v)).where("id", "=", v.id))
    this.#ofJob = database.statement<{ job: number }, Row>((q, v) =>
      q.selectFrom("attempts").selectAll().where("job", "=", v.job).orderBy("number"),
    )
    this.#byId = database.statement<{ id: string }, { job: number }>((q, v) =>
      q.selectFrom("attempts").select("job").where("id", "=", v.id),
    )
  }

  insert(attempt: AttemptRecord): void {
    this.#insert.run(toRow(attempt))
  }

  update(attempt: AttemptRecord): void {
    this.#update.run(toRow(attempt))
  }

  ofJob(job: JobId): AttemptRecord[] {
    return this.#ofJob.all({ job }).map(fromRow).sort(byRank)
  }

  /** The job an attempt belongs to, or `undefined` for one this database has never seen. */
  jobOf(attempt: AttemptId): JobId | undefined {
    return this.#byId.get({ id: attempt })?.job as JobId | undefined
  }
}

/** Members of one attempt stand in the order of their ranks. */
function byRank(a: AttemptRecord, b: AttemptRecord): number {
  return a.number - b.number || (a.member?.rank ?? 0) - (b.member?.rank ?? 0)
}

/** The placeholders are made by asking a proxy, so each column must be named. */
function columns(v: Row): Row {
  return {
    id: v.id,
    job: v.job,
    number: v.number,
    host_name: v.host_name,
    sequence: v.sequence,
    lease_json: v.lease_json,
    placed_at: v.placed_at,
    ...changing(v),
  }
}

function changing(v: Row) {
  return {
    host: v.host,
    state: v.state,
    started_at: v.started_at,
    ended_at: v.ended_at,
    out_of_contact_since: v.out_of_contact_since,
    cause: v.cause,
    exit_code: v.exit_code,
    signal: v.signal,
    message: v.message,
    peak_memory_bytes: v.peak_memory_bytes,
    stdout_bytes: v.stdout_bytes,
    stderr_bytes: v.stderr_bytes,
    swept: v.swept,
    fenced: v.fenced,
    on_host: v.on_host,
    log_complete: v.log_complete,
    sleeps_json: v.sleeps_json,
    suspended_json: v.suspended_json,
    suspended_ms: v.suspended_ms,
    member_json: v.member_json,
  }
}

function toRow(a: AttemptRecord): Row {
  return {
    id: a.id,
    job: a.job,
    number: a.number,
    host: a.hostId,
    host_name: a.hostName,
    sequence: a.sequence,
    lease_json: JSON.stringify(a.lease),
    placed_at: a.placedAt,
    state: a.state,
    started_at: a.startedAt,
    ended_at: a.endedAt,
    out_of_contact_since: a.outOfContactSince,
    cause: a.cause,
    exit_code: a.exitCode,
    signal: a.signal,
    message: a.message,
    peak_memory_bytes: a.peakMemoryBytes,
    stdout_bytes: a.stdoutBytes,
    stderr_bytes: a.stderrBytes,
    swept: Number(a.swept),
    fenced: Number(a.fenced),
    on_host: Number(a.onHost),
    log_complete: Number(a.logComplete),
    sleeps_json: a.sleeps === undefined ? null : JSON.stringify(a.sleeps),
    suspended_json: a.suspended === null ? null : JSON.stringify(a.suspended),
    suspended_ms: a.suspendedMs,
    member_json: a.member === undefined ? null : JSON.stringify(a.member),
  }
}

function fromRow(row: Row): AttemptRecord {
  return {
    id: row.id as AttemptId,
    job: row.job as JobId,
    number: row.number,
    hostId: row.host as HostId,
    hostName: row.host_name,
    sequence: row.sequence,
    lease: JSON.parse(row.lease_json) as Resources,
    placedAt: row.placed_at,
    state: row.state as AttemptState,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    outOfContactSince: row.out_of_contact_since,
    cause: row.cause as Cause | null,
    exitCode: row.exit_code,
    signal: row.signal,
    message: row.message,
    peakMemoryBytes: row.peak_memory_bytes,
    stdoutBytes: row.stdout_bytes,
    stderrBytes: row.stderr_bytes,
    swept: row.swept === 1,
    fenced: row.fenced === 1,
    onHost: row.on_host === 1,
    logComplete: row.log_complete === 1,
    ...(row.sleeps_json === null ? {} : { sleeps: JSON.parse(row.sleeps_json) as Sleep[] }),
    suspended: row.suspended_json === null ? null : (JSON.parse(row.suspended_json) as Suspension),
    suspendedMs: row.suspended_ms,
    ...(row.member_json === null ? {} : { member: JSON.parse(row.member_json) as MemberRecord }),
  }
}
