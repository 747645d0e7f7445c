import type { JobCheckpoint } from "../protocol/checkpoint.ts"
import { type LearnedNeed, RUNS_LOOKED_AT } from "../protocol/earlier-runs.ts"
import type { JobId } from "../protocol/ids.ts"
import { DEFAULT_SPEC, type JobSpec, type OutputsView } from "../protocol/job.ts"
import type { Cause, JobState, Verdict } from "../protocol/job-state.ts"
import type { JobStanding } from "../protocol/queue-request.ts"
import { AttemptStore } from "./attempts.ts"
import { CrashStore } from "./crashes.ts"
import type { Database } from "./database.ts"
import { likenessHash } from "./job-likeness.ts"
import type { JobRecord, StopOrder } from "./job-record.ts"
import type { Schema } from "./schema.ts"

type Row = Schema["jobs"]

/** What to list. Names and states are matched exactly. */
export interface JobFilter {
  readonly user?: string | undefined
  readonly states?: readonly JobState[] | undefined
  readonly name?: string | undefined
  /** Only jobs with smaller numbers: for paging. */
  readonly before?: number | undefined
  readonly limit: number
}

/** All jobs ever sent, with their attempts. */
export class JobStore {
  readonly attempts: AttemptStore
  readonly crashes: CrashStore
  readonly #database: Database
  readonly #insert
  readonly #update
  readonly #byId
  readonly #endedBefore
  readonly #last
  readonly #peaks

  constructor(database: Database) {
    this.#database = database
    this.attempts = new AttemptStore(database)
    this.crashes = new CrashStore(database)
    this.#insert = database.statement<Row>((q, v) =>
      q.insertInto("jobs").values({
        id: v.id,
        user: v.user,
        name: v.name,
        spec_json: v.spec_json,
        submitted_at: v.submitted_at,
        likeness: v.likeness,
        learned_json: v.learned_json,
        ...changing(v),
      }),
    )
    this.#update = database.statement<Row>((q, v) => q.updateTable("jobs").set(changing(v)).where("id", "=", v.id))
    this.#byId = database.statement<{ id: number }, Row>((q, v) =>
      q.selectFrom("jobs").selectAll().where("id", "=", v.id),
    )
    this.#endedBefore = database.statement<{ before: number; first: number; end: number }, { id: number }>((q, v) =>
      q
        .selectFrom("jobs")
        .select("id")
        .where("id", ">=", v.first)
        .where("id", "<", v.end)
        .where("ended_at", "<", v.before),
    )
    this.#last = database.statement<object, { last: number | null }>((q) =>
      q.selectFrom("jobs").select((e) => e.fn.max<number | null>("id").as("last")),
    )
    this.#peaks = database.statement<{ likeness: string }, { peak: number }>((q, v) =>
      q
        .selectFrom("jobs")
        .innerJoin("attempts", "attempts.job", "jobs.id")
        .select((e) => e.ref("attempts.peak_memory_bytes").$notNull().as("peak"))
        .where("jobs.likeness", "=", v.likeness)
        .where("jobs.ended_at", "is not", null)
        .where("attempts.started_at", "is not", null)
        .where("attempts.peak_memory_bytes", "is not", null)
        .orderBy("jobs.ended_at", "desc")
        .limit(RUNS_LOOKED_AT),
    )
  }

  /** What the newest ended jobs that are the same as this one held at most, newest first. */
  peaksOf(user: string, spec: JobSpec): number[] {
    return this.#peaks.all({ likeness: likenessHash(user, spec) }).map(({ peak }) => peak)
  }

  insert(job: JobRecord): void {
    this.#insert.run({
      ...changeable(job),
      spec_json: JSON.stringify(job.spec),
      likeness: likenessHash(job.user, job.spec),
      learned_json: job.learned === undefined ? null : JSON.stringify(job.learned),
    })
  }

  /** Writes what may change of the job; its attempts are written apart. */
  update(job: JobRecord): void {
    this.#update.run({ ...changeable(job), ...UNCHANGED })
  }

  get(id: JobId): JobRecord | undefined {
    const row = this.#byId.get({ id })
    return row === undefined ? undefined : this.#fromRow(row)
  }

  /** The highest number ever given to a job. */
  lastId(): number {
    return this.#last.get({})?.last ?? 0
  }

  /** Jobs that have not ended, and those a host may still hold something of, oldest first. */
  live(): JobRecord[] {
    return this.#database
      .query<Row>((q) =>
        q
          .selectFrom("jobs")
          .selectAll()
          .where((e) =>
            e.or([
              e("state", "not in", [...FINAL]),
              e("id", "in", e.selectFrom("attempts").select("job").where("on_host", "=", 1)),
            ]),
          )
          .orderBy("id"),
      )
      .map((row) => this.#fromRow(row))
  }

  /** Newest first. */
  list(filter: JobFilter): JobRecord[] {
    return this.#database
      .query<Row>((q) => {
        let query = q.selectFrom("jobs").selectAll().orderBy("id", "desc").limit(filter.limit)
        if (filter.user !== undefined) query = query.where("user", "=", filter.user)
        if (filter.name !== undefined) query = query.where("name", "=", filter.name)
        if (filter.states !== undefined) query = query.where("state", "in", [...filter.states])
        if (filter.before !== undefined) query = query.where("id", "<", filter.before)
        return query
      })
      .map((row) => this.#fromRow(row))
  }

  /** Jobs that ended before `before` and whose outputs are still kept, oldest first. */
  withOutputsBefore(before: number): JobRecord[] {
    return this.#database
      .query<Row>((q) =>
        q
          .selectFrom("jobs")
          .selectAll()
          .where("ended_at", "<", before)
          .where("outputs_json", "like", '{"state":"ready"%')
          .orderBy("id"),
      )
      .map((row) => this.#fromRow(row))
  }

  /** Numbers of jobs from `first` to just before `end` that ended before `before`. */
  endedBefore(before: number, first: number, end: number): JobId[] {
    return this.#endedBefore.all({ before, first, end }).map(({ id }) => id as JobId)
  }

  #fromRow(row: Row): JobRecord {
    const id = row.id as JobId
    return {
      id,
      user: row.user,
      spec: toSpec(row.spec_json),
      submittedAt: row.submitted_at,
      state: row.state as JobState,
      verdict:
        row.verdict === null
          ? null
          : {
              state: row.verdict as Verdict["state"],
              cause: row.cause as Cause,
              exitCode: row.exit_code,
              signal: row.signal,
            },
      cause: row.cause as Cause | null,
      reason: row.reason,
      startedAt: row.started_at,
      endedAt: row.ended_at,
      outputs: row.outputs_json === null ? null : (JSON.parse(row.outputs_json) as OutputsView),
      stop: row.stop_json === null ? null : (JSON.parse(row.stop_json) as StopOrder),
      ...(row.checkpoint_json === null ? {} : { checkpoint: JSON.parse(row.checkpoint_json) as JobCheckpoint }),
      ...(row.standing_json === null ? {} : { standing: JSON.parse(row.standing_json) as JobStanding }),
      attempts: this.attempts.ofJob(id),
      ...(row.learned_json === null ? {} : { learned: JSON.parse(row.learned_json) as LearnedNeed }),
    }
  }
}

/** What is written once. */
const UNCHANGED = { spec_json: "", likeness: null, learned_json: null } as const
const FINAL = ["succeeded", "failed", "cancelled", "timed_out"] as const

function changing(v: Row) {
  return {
    state: v.state,
    cause: v.cause,
    exit_code: v.exit_code,
    signal: v.signal,
    verdict: v.verdict,
    reason: v.reason,
    started_at: v.started_at,
    ended_at: v.ended_at,
    outputs_json: v.outputs_json,
    stop_json: v.stop_json,
    checkpoint_json: v.checkpoint_json,
    standing_json: v.standing_json,
  }
}

/** What an earlier release did not know of is as for who says nothing of it; the order is as it was sent, to the letter. */
function toSpec(json: string): JobSpec {
  const stored = JSON.parse(json) as JobSpec
  return { ...stored, ...DEFAULT_SPEC, ...stored }
}

function changeable(job: JobRecord): Omit<Row, keyof typeof UNCHANGED> {
  return {
    id: job.id,
    user: job.user,
    name: job.spec.name,
    submitted_at: job.submittedAt,
    state: job.state,
    cause: job.cause,
    exit_code: job.verdict?.exitCode ?? null,
    signal: job.verdict?.signal ?? null,
    verdict: job.verdict?.state ?? null,
    reason: job.reason,
    started_at: job.startedAt,
    ended_at: job.endedAt,
    outputs_json: job.outputs === null ? null : JSON.stringify(job.outputs),
    stop_json: job.stop === null ? null : JSON.stringify(job.stop),
    checkpoint_json: job.checkpoint === undefined ? null : JSON.stringify(job.checkpoint),
    standing_json: job.standing === undefined ? null : JSON.stringify(job.standing),
  }
}
