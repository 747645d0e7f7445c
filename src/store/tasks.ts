import type { JobId } from "../protocol/ids.ts"
import type { JobState } from "../protocol/job-state.ts"
import type { Database } from "./database.ts"

/** How a task stands, in few words. */
export interface TaskProgress {
  readonly state: JobState
  readonly startedAt: number | null
  readonly endedAt: number | null
}

interface Row {
  readonly array_index: number
  readonly state: string
  readonly started_at: number | null
  readonly ended_at: number | null
}

/** Tasks of arrays, and the numbers that arrays keep for theirs. */
export class TaskStore {
  readonly #lastKept
  readonly #keeperOf
  readonly #progress

  constructor(database: Database) {
    this.#lastKept = database.statement<object, { last: number | null }>((q) =>
      q
        .selectFrom("jobs")
        .select((e) => e.fn.max<number | null>("last_id").as("last"))
        .where("last_id", "is not", null),
    )
    this.#keeperOf = database.statement<{ id: number }, { id: number }>((q, v) =>
      q
        .selectFrom("jobs")
        .select("id")
        .where("last_id", "is not", null)
        .where("last_id", ">=", v.id)
        .where("id", "<", v.id)
        .orderBy("last_id")
        .limit(1),
    )
    this.#progress = database.statement<{ array: number; last: number }, Row>((q, v) =>
      q
        .selectFrom("jobs")
        .select((e) => ["state", "started_at", "ended_at", e.ref("array_index").$notNull().as("array_index")])
        .where("id", ">", v.array)
        .where("id", "<=", v.last)
        .where("array_job", "=", v.array),
    )
  }

  /** The highest number that is kept for a task. */
  lastKept(): number {
    return this.#lastKept.get({})?.last ?? 0
  }

  /** The array that keeps this number for one of its tasks. */
  arrayKeeping(id: JobId): JobId | undefined {
    return this.#keeperOf.get({ id })?.id as JobId | undefined
  }

  /** How the tasks of an array stand that have a record, by index. */
  progress(array: JobId, count: number): ReadonlyMap<number, TaskProgress> {
    const rows = this.#progress.all({ array, last: array + count })
    return new Map(
      rows.map(({ array_index, state, started_at, ended_at }) => [
        array_index,
        { state: state as JobState, startedAt: started_at, endedAt: ended_at },
      ]),
    )
  }
}
