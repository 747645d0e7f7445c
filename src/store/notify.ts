import type { JobId, MessageId, TargetId } from "../protocol/ids.ts"
import type { NotifyOn } from "../protocol/notify.ts"
import type { TargetKind } from "../protocol/notify-target.ts"
import type { Database } from "./database.ts"
import type { MessageFacts, OutboxRecord, TargetRecord } from "./notify-record.ts"
import type { Schema } from "./schema.ts"

type TargetRow = Schema["notify_targets"]
type OutboxRow = Omit<Schema["notify_outbox"], "sequence">
type ToldRow = Schema["notify_told"]

/** Whom to tell, what is to be sent, and what was told. */
export class NotifyStore {
  readonly #targets
  readonly #addTarget
  readonly #updateTarget
  readonly #removeTarget
  readonly #addMessage
  readonly #removeMessage
  readonly #first
  readonly #counts
  readonly #addTold
  readonly #told
  readonly #forgetTold

  constructor(database: Database) {
    this.#targets = database.statement<object, TargetRow>((q) =>
      q.selectFrom("notify_targets").selectAll().orderBy("created_at").orderBy("id"),
    )
    this.#addTarget = database.statement<TargetRow>((q, v) =>
      q.insertInto("notify_targets").values({
        id: v.id,
        user: v.user,
        kind: v.kind,
        sealed: v.sealed,
        created_at: v.created_at,
        ...changing(v),
      }),
    )
    this.#updateTarget = database.statement<TargetRow>((q, v) =>
      q.updateTable("notify_targets").set(changing(v)).where("id", "=", v.id),
    )
    this.#removeTarget = database.statement<{ id: string }>((q, v) =>
      q.deleteFrom("notify_targets").where("id", "=", v.id),
    )
    this.#addMessage = database.statement<OutboxRow>((q, v) =>
      q
        .insertInto("notify_outbox")
        .values({ id: v.id, target: v.target, facts_json: v.facts_json, created_at: v.created_at }),
    )
    this.#removeMessage = database.statement<{ id: string }>((q, v) =>
      q.deleteFrom("notify_outbox").where("id", "=", v.id),
    )
    this.#first = database.statement<{ target: string }, OutboxRow>((q, v) =>
      q.selectFrom("notify_outbox").selectAll().where("target", "=", v.target).orderBy("sequence").limit(1),
    )
    this.#counts = database.statement<object, { target: string; waiting: number }>((q) =>
      q
        .selectFrom("notify_outbox")
        .select((e) => ["target", e.fn.countAll<number>().as("waiting")])
        .groupBy("target"),
    )
    this.#addTold = database.statement<ToldRow>((q, v) =>
      q
        .insertInto("notify_told")
        .values({ job: v.job, what: v.what })
        .onConflict((c) => c.doNothing()),
    )
    this.#told = database.statement<object, ToldRow>((q) => q.selectFrom("notify_told").selectAll())
    this.#forgetTold = database.statement<{ job: number }>((q, v) =>
      q.deleteFrom("notify_told").where("job", "=", v.job),
    )
  }

  /** Everybody's, oldest first. */
  targets(): TargetRecord[] {
    return this.#targets.all({}).map(fromRow)
  }

  addTarget(target: TargetRecord): void {
    this.#addTarget.run(toRow(target))
  }

  /** Writes what may change of it. */
  updateTarget(target: TargetRecord): void {
    this.#updateTarget.run(toRow(target))
  }

  /** Also drops what waits to be sent there. */
  removeTarget(id: TargetId): void {
    this.#removeTarget.run({ id })
  }

  addMessage({ id, target, facts, createdAt }: OutboxRecord): void {
    this.#addMessage.run({ id, target, facts_json: JSON.stringify(facts), created_at: createdAt })
  }

  removeMessage(id: MessageId): void {
    this.#removeMessage.run({ id })
  }

  /** The message that waits longest for a target. */
  firstMessage(target: TargetId): OutboxRecord | undefined {
    const row = this.#first.get({ target })
    if (row === undefined) return undefined
    const facts = JSON.parse(row.facts_json) as MessageFacts
    return { id: row.id as MessageId, target, facts, createdAt: row.created_at }
  }

  /** How many messages wait for each target that any waits for. */
  waiting(): Map<TargetId, number> {
    return new Map(this.#counts.all({}).map(({ target, waiting }) => [target as TargetId, waiting]))
  }

  addTold(job: JobId, what: string): void {
    this.#addTold.run({ job, what })
  }

  told(): { job: JobId; what: string }[] {
    return this.#told.all({}).map(({ job, what }) => ({ job: job as JobId, what }))
  }

  forgetTold(job: JobId): void {
    this.#forgetTold.run({ job })
  }
}

function changing(v: TargetRow) {
  return {
    is_default: v.is_default,
    by_job: v.by_job,
    on_json: v.on_json,
    next_at: v.next_at,
    failures: v.failures,
    dropped: v.dropped,
    delivered_at: v.delivered_at,
    failing_since: v.failing_since,
    problem: v.problem,
  }
}

function toRow(target: TargetRecord): TargetRow {
  return {
    id: target.id,
    user: target.user,
    kind: target.kind,
    sealed: target.sealed,
    is_default: target.isDefault ? 1 : 0,
    by_job: target.byJob ? 1 : 0,
    on_json: JSON.stringify(target.on),
    created_at: target.createdAt,
    next_at: target.nextAt,
    failures: target.failures,
    dropped: target.dropped,
    delivered_at: target.deliveredAt,
    failing_since: target.failingSince,
    problem: target.problem,
  }
}

function fromRow(row: TargetRow): TargetRecord {
  return {
    id: row.id as TargetId,
    user: row.user,
    kind: row.kind as TargetKind,
    sealed: row.sealed,
    isDefault: row.is_default === 1,
    byJob: row.by_job === 1,
    on: JSON.parse(row.on_json) as NotifyOn,
    createdAt: row.created_at,
    nextAt: row.next_at,
    failures: row.failures,
    dropped: row.dropped,
    deliveredAt: row.delivered_at,
    failingSince: row.failing_since,
    problem: row.problem,
  }
}
