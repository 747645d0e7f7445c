import type { AttemptId, HostId } from "../protocol/ids.ts"
import type { Database } from "./database.ts"
import type { Schema } from "./schema.ts"

type Row = Schema["step_asides"]

/** The column is not to be null. */
const UNMEASURED = -1

/** One time at which an attempt stepped aside for the people at its host. */
export interface StepAside {
  readonly host: HostId
  readonly attempt: AttemptId
  readonly at: number
  /** When it went on or ended; `null`: it is stopped still. */
  readonly endedAt: number | null
  /** From the sign of somebody to the last process stopped; `null`: nobody measured it. */
  readonly reactionMs: number | null
  /** It did not go on there. */
  readonly vacated: boolean
}

/** An attempt on a host, as far as owners are told of it. */
export interface RanThere {
  readonly attempt: AttemptId
  readonly job: number
  readonly user: string
  readonly startedAt: number
  /** `null`: it runs still. */
  readonly endedAt: number | null
}

/** How hosts were lent, and how jobs stepped aside there. */
export class StepAsideStore {
  readonly #put
  readonly #end
  readonly #of
  readonly #ofAttempt
  readonly #ran
  readonly #trim

  constructor(database: Database) {
    // An attempt that steps aside twice in one millisecond did so once.
    this.#put = database.statement<Row>((q, v) =>
      q
        .insertInto("step_asides")
        .values({
          host: v.host,
          attempt: v.attempt,
          at: v.at,
          ended_at: v.ended_at,
          reaction_ms: v.reaction_ms,
          vacated: v.vacated,
        })
        .onConflict((c) => c.columns(["attempt", "at"]).doNothing()),
    )
    this.#end = database.statement<{ attempt: string; at: number; vacated: number }>((q, v) =>
      q
        .updateTable("step_asides")
        .set({ ended_at: v.at, vacated: v.vacated })
        .where("attempt", "=", v.attempt)
        .where("ended_at", "is", null),
    )
    this.#of = database.statement<{ host: string; from: number }, Row>((q, v) =>
      q.selectFrom("step_asides").selectAll().where("host", "=", v.host).where("at", ">=", v.from).orderBy("at"),
    )
    this.#ofAttempt = database.statement<{ attempt: string }, Row>((q, v) =>
      q.selectFrom("step_asides").selectAll().where("attempt", "=", v.attempt).orderBy("at"),
    )
    this.#ran = database.statement<
      { host: string; from: number },
      { id: string; job: number; user: string; started_at: number | null; ended_at: number | null }
    >((q, v) =>
      q
        .selectFrom("attempts")
        .innerJoin("jobs", "jobs.id", "attempts.job")
        .select(["attempts.id as id", "attempts.job as job", "jobs.user as user"])
        .select(["attempts.started_at as started_at", "attempts.ended_at as ended_at"])
        .where("attempts.host", "=", v.host)
        .where((e) => e.or([e("attempts.ended_at", ">", v.from), e("attempts.ended_at", "is", null)])),
    )
    this.#trim = database.statement<{ before: number }>((q, v) =>
      q.deleteFrom("step_asides").where("at", "<", v.before),
    )
  }

  put({ host, attempt, at, endedAt, reactionMs, vacated }: StepAside): void {
    const reaction = reactionMs ?? UNMEASURED
    this.#put.run({ host, attempt, at, ended_at: endedAt, reaction_ms: reaction, vacated: Number(vacated) })
  }

  /** What of the attempt is stopped goes on, or ends. */
  end(attempt: AttemptId, at: number, vacated: boolean): void {
    this.#end.run({ attempt, at, vacated: Number(vacated) })
  }

  /** Those on a host since then, oldest first. */
  of(host: HostId, from: number): StepAside[] {
    return this.#of.all({ host, from }).map(stepAsideOf)
  }

  /** Those of an attempt, oldest first. */
  ofAttempt(attempt: AttemptId): StepAside[] {
    return this.#ofAttempt.all({ attempt }).map(stepAsideOf)
  }

  /** Attempts that ran on a host at any time since then. */
  ranOn(host: HostId, from: number): RanThere[] {
    return this.#ran
      .all({ host, from })
      .flatMap(({ id, job, user, started_at, ended_at }) =>
        started_at === null ? [] : [{ attempt: id as AttemptId, job, user, startedAt: started_at, endedAt: ended_at }],
      )
  }

  trim(before: number): void {
    this.#trim.run({ before })
  }
}

function stepAsideOf(row: Row): StepAside {
  return {
    host: row.host as HostId,
    attempt: row.attempt as AttemptId,
    at: row.at,
    endedAt: row.ended_at,
    reactionMs: row.reaction_ms === UNMEASURED ? null : row.reaction_ms,
    vacated: row.vacated === 1,
  }
}
