import type { JobCheckpoint } from "../protocol/checkpoint.ts"
import { type LearnedNeed, RUNS_LOOKED_AT } from "../protocol/earlier-runs.ts"
import type { JobId } from "../protocol/ids.ts"
import type { JobSpec, OutputsView } from "../protocol/job.ts"
import type { Cause, JobState, Verdict } from "../protocol/job-state.ts"
import type { JobStanding } from "../protocol/queue-request.ts"
import { readArrayJson } from "./array-record.ts"
import { AttemptStore } from "./attempts.ts"
import { CrashStore } from "./crashes.ts"
import type { Database } from "./database.ts"
import { likenessHash } from "./job-likeness.ts"
import type { JobRecord, StopOrder } from "./job-record.ts"
import { changeable, changing, FINAL, toSpec, UNCHANGED } from "./job-row.ts"
import type { Schema } from "./schema.ts"
import { TaskStore } from "./tasks.ts"

type Row = Schema["jobs"]

/** What to list. Names and states are matched exactly. */
export interface JobFilter {
  readonly user?: string | undefined
  readonly states?: readonly JobState[] | undefined
  readonly name?: string | undefined
  /** Only jobs with smaller numbers: for paging. */
  readonly before?: number | undefined
  readonly limit: number
  /** Leaves out tasks of arrays: all, or those that have ended. */
  readonly without?: "tasks" | "ended_tasks" | undefined
  /** Only tasks of the array with this number. */
  readonly array?: number | undefined
}

/** All jobs ever sent, with their attempts. */
export class JobStore {
  readonly attempts: AttemptStore
  readonly crashes: CrashStore
  readonly tasks: TaskStore
  readonly #database: Database
  readonly #insert
  readonly #update
  readonly #byId
  readonly #endedBefore
  readonly #last
  readonly #peaks
  readonly #arraySpecs = new Map<number, JobSpec>()

  constructor(database: Database) {
    this.#database = database
    this.attempts = new AttemptStore(database)
    this.crashes = new CrashStore(database)
    this.tasks = new TaskStore(database)
    this.#insert = database.statement<Row>((q, v) =>
      q.insertInto("jobs").values({
        id: v.id,
        user: v.user,
        name: v.name,
        spec_json: v.spec_json,
        submitted_at: v.submitted_at,
        likeness: v.likeness,
        learned_json: v.learned_json,
        array_job: v.array_job,
        array_index: v.array_index,
        array_tasks: v.array_tasks,
        last_id: v.last_id,
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
      spec_json: job.task === undefined ? JSON.stringify(job.spec) : "",
      likeness: likenessHash(job.user, job.spec),
      learned_json: job.learned === undefined ? null : JSON.stringify(job.learned),
      array_job: job.task?.array ?? null,
      array_index: job.task?.index ?? null,
      array_tasks: job.array === undefined ? null : `${job.array.all}`,
      last_id: job.array === undefined ? null : job.id + job.array.all.size,
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

  /** The highest number ever given to a job, or kept for a task. */
  lastId(): number {
    return Math.max(this.#last.get({})?.last ?? 0, this.tasks.lastKept())
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
        if (filter.array !== undefined)
          query = query.where("array_job", "=", filter.array).where("id", ">", filter.array)
        if (filter.without === "tasks") query = query.where("array_job", "is", null)
        if (filter.without === "ended_tasks") {
          query = query.where((e) => e.or([e("array_job", "is", null), e("state", "not in", [...FINAL])]))
        }
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
      spec: row.array_job === null ? toSpec(row.spec_json) : this.#specOfTask(row.array_job),
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
      ...(row.array_json === null ? {} : { array: readArrayJson(row.array_tasks ?? "", row.array_json) }),
      ...(row.array_job === null
        ? {}
        : { task: { array: row.array_job as JobId, index: row.array_index ?? Number.NaN } }),
    }
  }

  /** One object for all tasks of an array that are read one after the other. */
  #specOfTask(array: number): JobSpec {
    const known = this.#arraySpecs.get(array)
    if (known !== undefined) return known
    const { array: _, ...spec } = toSpec(this.#byId.get({ id: array })?.spec_json ?? "{}")
    if (this.#arraySpecs.size >= SPECS_KEPT) this.#arraySpecs.clear()
    this.#arraySpecs.set(array, spec)
    return spec
  }
}

const SPECS_KEPT = 64
