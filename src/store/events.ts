import type { EventBody, WindfallEvent } from "../protocol/events.ts"
import type { JobId } from "../protocol/ids.ts"
import type { Database } from "./database.ts"

interface Row {
  readonly sequence: number
  readonly at: number
  readonly actor: string
  readonly job: number | null
  readonly body_json: string
}

interface Between {
  readonly after: number
  readonly before: number
  readonly limit: number
}

/** The append-only record of what happened. Its numbers have no gaps; the oldest may be trimmed away. */
export class EventStore {
  readonly #insert
  readonly #after
  readonly #latest
  readonly #latestOfJob
  readonly #last
  readonly #trim

  constructor(database: Database) {
    this.#insert = database.statement<Row>((q, v) =>
      q.insertInto("events").values({
        sequence: v.sequence,
        at: v.at,
        actor: v.actor,
        job: v.job,
        body_json: v.body_json,
      }),
    )
    this.#after = database.statement<{ sequence: number; limit: number }, Row>((q, v) =>
      q.selectFrom("events").selectAll().where("sequence", ">", v.sequence).orderBy("sequence").limit(v.limit),
    )
    this.#latest = database.statement<Between, Row>((q, v) =>
      q
        .selectFrom("events")
        .selectAll()
        .where("sequence", ">", v.after)
        .where("sequence", "<", v.before)
        .orderBy("sequence", "desc")
        .limit(v.limit),
    )
    this.#latestOfJob = database.statement<Between & { job: number }, Row>((q, v) =>
      q
        .selectFrom("events")
        .selectAll()
        .where("job", "=", v.job)
        .where("sequence", ">", v.after)
        .where("sequence", "<", v.before)
        .orderBy("sequence", "desc")
        .limit(v.limit),
    )
    this.#last = database.statement<object, { last: number | null }>((q) =>
      q.selectFrom("events").select((e) => e.fn.max<number | null>("sequence").as("last")),
    )
    // The very last one stays, since it carries the count.
    this.#trim = database.statement<{ before: number; last: number }>((q, v) =>
      q.deleteFrom("events").where("at", "<", v.before).where("sequence", "<", v.last),
    )
  }

  insert(event: WindfallEvent): void {
    const { sequence, at, actor, ...body } = event
    this.#insert.run({ sequence, at, actor, job: "job" in body ? body.job : null, body_json: JSON.stringify(body) })
  }

  /** Events numbered above `sequence`, oldest first. */
  after(sequence: number, limit: number): WindfallEvent[] {
    return this.#after.all({ sequence, limit }).map(fromRow)
  }

  /** The last `limit` events between two numbers, both exclusive, newest first; of one job where that is named. */
  latest({ job, ...between }: Between & { readonly job?: JobId | undefined }): WindfallEvent[] {
    const rows = job === undefined ? this.#latest.all(between) : this.#latestOfJob.all({ ...between, job })
    return rows.map(fromRow)
  }

  lastSequence(): number {
    return this.#last.get({})?.last ?? 0
  }

  /** Removes events older than `before` (ms since 1970) and returns how many. */
  trim(before: number): number {
    return this.#trim.run({ before, last: this.lastSequence() })
  }
}

function fromRow(row: Row): WindfallEvent {
  return {
    sequence: row.sequence,
    at: row.at,
    actor: row.actor,
    ...(JSON.parse(row.body_json) as EventBody),
  }
}
