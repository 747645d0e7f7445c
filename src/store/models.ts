import type { JobId } from "../protocol/ids.ts"
import type { ReplicaState } from "../protocol/model-api.ts"
import type { Database } from "./database.ts"
import type { ModelRecord, ReplicaRecord } from "./model-record.ts"
import type { Schema } from "./schema.ts"

type ModelRow = Schema["models"]
type ReplicaRow = Schema["model_replicas"]

/** Models that are served. All writes happen within a change of the ledger. */
export class ModelStore {
  readonly #put
  readonly #get
  readonly #list
  readonly #remove
  readonly #putReplica
  readonly #replicas
  readonly #servedBy
  readonly #dropReplica

  constructor(database: Database) {
    // No "replace": that would remove the row first, and its replicas with it.
    this.#put = database.statement<ModelRow>((q, v) => {
      const rest = {
        user: v.user,
        data: v.data,
        version: v.version,
        file: v.file,
        options_json: v.options_json,
        wanted: v.wanted,
        awake: v.awake,
        generation: v.generation,
        reason: v.reason,
        created_at: v.created_at,
      }
      return q
        .insertInto("models")
        .values({ name: v.name, ...rest })
        .onConflict((conflict) => conflict.column("name").doUpdateSet(rest))
    })
    this.#get = database.statement<{ name: string }, ModelRow>((q, v) =>
      q.selectFrom("models").selectAll().where("name", "=", v.name),
    )
    this.#list = database.statement<object, ModelRow>((q) => q.selectFrom("models").selectAll().orderBy("name"))
    this.#remove = database.statement<{ name: string }>((q, v) => q.deleteFrom("models").where("name", "=", v.name))
    this.#putReplica = database.statement<ReplicaRow>((q, v) =>
      q.replaceInto("model_replicas").values({
        model: v.model,
        number: v.number,
        state: v.state,
        generation: v.generation,
        job: v.job,
        losses: v.losses,
        not_before: v.not_before,
        ready_since: v.ready_since,
        reason: v.reason,
        plan_json: v.plan_json,
        sealed_key: v.sealed_key,
      }),
    )
    this.#replicas = database.statement<{ model: string }, ReplicaRow>((q, v) =>
      q.selectFrom("model_replicas").selectAll().where("model", "=", v.model).orderBy("number"),
    )
    this.#servedBy = database.statement<{ job: number }, Pick<ReplicaRow, "model" | "number">>((q, v) =>
      q.selectFrom("model_replicas").select(["model", "number"]).where("job", "=", v.job),
    )
    this.#dropReplica = database.statement<{ model: string; number: number }>((q, v) =>
      q.deleteFrom("model_replicas").where("model", "=", v.model).where("number", "=", v.number),
    )
  }

  /** By name. */
  list(): ModelRecord[] {
    return this.#list.all({}).map(toModel)
  }

  get(name: string): ModelRecord | undefined {
    const row = this.#get.get({ name })
    return row === undefined ? undefined : toModel(row)
  }

  put(model: ModelRecord): void {
    const { options, isAwake, createdAt, ...rest } = model
    this.#put.run({
      ...rest,
      options_json: JSON.stringify(options),
      awake: Number(isAwake),
      created_at: createdAt,
    })
  }

  /** With its replicas. */
  remove(name: string): void {
    this.#remove.run({ name })
  }

  /** By number. */
  replicas(model: string): ReplicaRecord[] {
    return this.#replicas.all({ model }).map(toReplica)
  }

  /** The replica whose hive a job is; `undefined` of one that is none, or was and is gone. */
  servedBy(job: JobId): Pick<ReplicaRecord, "model" | "number"> | undefined {
    return this.#servedBy.get({ job })
  }

  putReplica(replica: ReplicaRecord): void {
    const { notBefore, readySince, plan, sealedKey, ...rest } = replica
    this.#putReplica.run({
      ...rest,
      not_before: notBefore,
      ready_since: readySince,
      plan_json: plan === null ? null : JSON.stringify(plan),
      sealed_key: sealedKey,
    })
  }

  dropReplica({ model, number }: Pick<ReplicaRecord, "model" | "number">): void {
    this.#dropReplica.run({ model, number })
  }
}

function toModel(row: ModelRow): ModelRecord {
  const { options_json, wanted, awake, created_at, ...rest } = row
  return {
    ...rest,
    // Models of earlier releases were served without images, and to write text; nobody looked for their longest token.
    options: { images: false, purpose: "text", longestTokenBytes: null, knowsTools: true, ...JSON.parse(options_json) },
    wanted: wanted === "serving" ? "serving" : "stopped",
    isAwake: awake === 1,
    createdAt: created_at,
  }
}

function toReplica(row: ReplicaRow): ReplicaRecord {
  const { state, job, not_before, ready_since, plan_json, sealed_key, ...rest } = row
  return {
    ...rest,
    state: state as ReplicaState,
    job: job as JobId | null,
    notBefore: not_before,
    readySince: ready_since,
    plan: plan_json === null ? null : JSON.parse(plan_json),
    sealedKey: sealed_key,
  }
}
