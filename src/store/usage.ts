import type { AttemptId, HostId, JobId } from "../protocol/ids.ts"
import type { Resources } from "../protocol/resources.ts"
import type { UsagePolicy } from "../scheduler/share/usage.ts"
import type { Database } from "./database.ts"
import type { Schema } from "./schema.ts"

type IntervalRow = Schema["usage_intervals"]
type ChargeRow = Schema["usage_charges"]

/** A time in which an attempt that ran was stopped; `null`: it still is. */
export type Stop = readonly [fromMs: number, toMs: number | null]

/** What one attempt held and for how long: what is charged is reckoned from this alone. */
export interface UsageInterval {
  readonly attempt: AttemptId
  readonly job: JobId
  readonly user: string
  readonly account: string
  readonly qos: string
  readonly partition: string
  /** The model that was served; `null` where none was. */
  readonly model: string | null
  readonly host: HostId
  readonly hostName: string
  readonly lease: Resources
  /** Billable units a second, as policy was when it began. */
  readonly units: number
  /** By which all that it used is multiplied: 0 for what is not charged. */
  readonly factor: number
  /** Whose Mac it ran on. */
  readonly owner: string | null
  /** The owner's account, where the owner is credited. */
  readonly creditAccount: string | null
  /** The part of the charge that is the owner's credit. */
  readonly credit: number
  /** When its command began. */
  readonly fromMs: number
  /** `null`: it runs, as far as is known. */
  readonly toMs: number | null
  /** In order, none within another. */
  readonly stops: readonly Stop[]
}

/** Amounts by name, each times seconds. */
export type Sums = Readonly<Record<string, number>>

/** What a period added to one leaf (`account/user/qos`), and what the leaf has at its end. */
export interface UsageCharge {
  readonly throughMs: number
  readonly leaf: string
  readonly charged: Sums
  readonly sum: Sums
  /** The moment's rows are those of all leaves. */
  readonly whole: boolean
}

/** By which rules usage is charged and fades from a moment on. */
export interface UsageRules {
  readonly sinceMs: number
  readonly rules: UsagePolicy
}

/** Who used what, and what was charged for it. */
export class UsageStore {
  readonly #put
  readonly #interval
  readonly #between
  readonly #page
  readonly #first
  readonly #charge
  readonly #chargesFrom
  readonly #lastWhole
  readonly #forgetAfter
  readonly #trim
  readonly #addRules
  readonly #rules
  readonly #dropRules

  constructor(database: Database) {
    this.#put = database.statement<IntervalRow>((q, v) =>
      q
        .insertInto("usage_intervals")
        .values(columns(v))
        .onConflict((c) =>
          c.column("attempt").doUpdateSet({ from_ms: v.from_ms, to_ms: v.to_ms, stops_json: v.stops_json }),
        ),
    )
    this.#interval = database.statement<{ attempt: string }, IntervalRow>((q, v) =>
      q.selectFrom("usage_intervals").selectAll().where("attempt", "=", v.attempt),
    )
    this.#between = database.statement<{ from: number; to: number }, IntervalRow>((q, v) =>
      q
        .selectFrom("usage_intervals")
        .selectAll()
        .where("from_ms", "<", v.to)
        .where((e) => e.or([e("to_ms", ">", v.from), e("to_ms", "is", null)])),
    )
    this.#page = database.statement<{ from: number; after: string; limit: number }, IntervalRow>((q, v) =>
      q
        .selectFrom("usage_intervals")
        .selectAll()
        .where("attempt", ">", v.after)
        .where((e) => e.or([e("to_ms", ">", v.from), e("to_ms", "is", null)]))
        .orderBy("attempt")
        .limit(v.limit),
    )
    this.#first = database.statement<object, { first: number | null }>((q) =>
      q.selectFrom("usage_intervals").select((e) => e.fn.min("from_ms").as("first")),
    )
    this.#charge = database.statement<ChargeRow>((q, v) =>
      q.insertInto("usage_charges").values({
        through_ms: v.through_ms,
        leaf: v.leaf,
        charged_json: v.charged_json,
        sum_json: v.sum_json,
        whole: v.whole,
      }),
    )
    this.#chargesFrom = database.statement<{ from: number }, ChargeRow>((q, v) =>
      q.selectFrom("usage_charges").selectAll().where("through_ms", ">=", v.from).orderBy("through_ms").orderBy("leaf"),
    )
    this.#lastWhole = database.statement<object, { last: number | null }>((q) =>
      q
        .selectFrom("usage_charges")
        .select((e) => e.fn.max("through_ms").as("last"))
        .where("whole", "=", 1),
    )
    this.#forgetAfter = database.statement<{ ms: number }>((q, v) =>
      q.deleteFrom("usage_charges").where("through_ms", ">", v.ms),
    )
    this.#trim = database.statement<{ before: number }>((q, v) =>
      q
        .deleteFrom("usage_charges")
        .where("through_ms", "<", v.before)
        .where("through_ms", "<", (e) =>
          e
            .selectFrom("usage_charges as kept")
            .select((k) => k.fn.coalesce(k.fn.max("kept.through_ms"), k.lit(0)).as("last"))
            .where("kept.whole", "=", 1)
            .where("kept.through_ms", "<", v.before),
        ),
    )
    this.#addRules = database.statement<Schema["usage_rules"]>((q, v) =>
      q
        .insertInto("usage_rules")
        .values({ since_ms: v.since_ms, rules_json: v.rules_json })
        .onConflict((c) => c.column("since_ms").doUpdateSet({ rules_json: v.rules_json })),
    )
    this.#rules = database.statement<object, Schema["usage_rules"]>((q) =>
      q.selectFrom("usage_rules").selectAll().orderBy("since_ms"),
    )
    this.#dropRules = database.statement<{ ms: number }>((q, v) =>
      q.deleteFrom("usage_rules").where("since_ms", ">", v.ms),
    )
  }

  /** Stores an interval, or what may change of it: when it began and ended, and its stops. */
  put(interval: UsageInterval): void {
    this.#put.run(toRow(interval))
  }

  interval(attempt: AttemptId): UsageInterval | undefined {
    const row = this.#interval.get({ attempt })
    return row === undefined ? undefined : fromRow(row)
  }

  /** Those of which something lies after `fromMs` and before `toMs`. */
  between(fromMs: number, toMs: number): UsageInterval[] {
    return this.#between.all({ from: fromMs, to: toMs }).map(fromRow)
  }

  /** Those of which something lies after `fromMs`, a page of them, after the attempt that the page before ended with. */
  page(fromMs: number, after: string, limit: number): UsageInterval[] {
    return this.#page.all({ from: fromMs, after, limit }).map(fromRow)
  }

  /** When the first began; `null`: there is none. */
  firstMs(): number | null {
    return this.#first.get({})?.first ?? null
  }

  addCharge({ throughMs, leaf, charged, sum, whole }: UsageCharge): void {
    this.#charge.run({
      through_ms: throughMs,
      leaf,
      charged_json: JSON.stringify(charged),
      sum_json: JSON.stringify(sum),
      whole: Number(whole),
    })
  }

  /** Charges from the last moment on of which all leaves are known, in order. */
  recentCharges(): UsageCharge[] {
    const from = this.#lastWhole.get({})?.last ?? Number.MIN_SAFE_INTEGER
    return this.#chargesFrom.all({ from }).map((row) => ({
      throughMs: row.through_ms,
      leaf: row.leaf,
      charged: JSON.parse(row.charged_json) as Sums,
      sum: JSON.parse(row.sum_json) as Sums,
      whole: row.whole === 1,
    }))
  }

  /** Charges of periods that end later are no longer right. */
  forgetChargesAfter(ms: number): void {
    this.#forgetAfter.run({ ms })
  }

  /** Lets go of charges before the last moment before `before` of which all leaves are known. They can be reckoned anew. */
  trimCharges(before: number): void {
    this.#trim.run({ before })
  }

  /** Oldest first. */
  rules(): UsageRules[] {
    return this.#rules.all({}).map(({ since_ms, rules_json }) => ({
      sinceMs: since_ms,
      rules: JSON.parse(rules_json) as UsagePolicy,
    }))
  }

  /** From then on these hold, whatever was to hold later. */
  setRules({ sinceMs, rules }: UsageRules): void {
    this.#dropRules.run({ ms: sinceMs })
    this.#addRules.run({ since_ms: sinceMs, rules_json: JSON.stringify(rules) })
  }
}

/** The placeholders are made by asking a proxy, so each column must be named. */
function columns(v: IntervalRow): IntervalRow {
  return {
    attempt: v.attempt,
    job: v.job,
    user: v.user,
    account: v.account,
    qos: v.qos,
    partition: v.partition,
    model: v.model,
    host: v.host,
    host_name: v.host_name,
    lease_json: v.lease_json,
    units: v.units,
    factor: v.factor,
    owner: v.owner,
    credit_account: v.credit_account,
    credit: v.credit,
    from_ms: v.from_ms,
    to_ms: v.to_ms,
    stops_json: v.stops_json,
  }
}

function toRow(one: UsageInterval): IntervalRow {
  const { hostName, lease, creditAccount, fromMs, toMs, stops, ...rest } = one
  return {
    ...rest,
    host_name: hostName,
    lease_json: JSON.stringify(lease),
    credit_account: creditAccount,
    from_ms: fromMs,
    to_ms: toMs,
    stops_json: JSON.stringify(stops),
  }
}

function fromRow(row: IntervalRow): UsageInterval {
  const { host_name, lease_json, credit_account, from_ms, to_ms, stops_json, ...rest } = row
  return {
    ...rest,
    attempt: row.attempt as AttemptId,
    job: row.job as JobId,
    host: row.host as HostId,
    hostName: host_name,
    lease: JSON.parse(lease_json) as Resources,
    creditAccount: credit_account,
    fromMs: from_ms,
    toMs: to_ms,
    stops: JSON.parse(stops_json) as Stop[],
  }
}
