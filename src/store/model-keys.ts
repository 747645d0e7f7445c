import type { KeyId } from "../protocol/ids.ts"
import type { KeyView } from "../protocol/key-api.ts"
import type { LimitPeriod } from "../protocol/token-limit.ts"
import type { Database } from "./database.ts"
import type { Schema } from "./schema.ts"

type KeyRow = Schema["model_keys"]

type NameRow = Schema["model_key_names"]

/** A key as it is kept: without the key itself. */
export type StoredKey = Omit<KeyView, "usedTokens">

/** Keys for models, by their hash. They go with their user. */
export class ModelKeyStore {
  readonly #add
  readonly #remove
  readonly #byHash
  readonly #has
  readonly #all
  readonly #one
  readonly #addName
  readonly #names
  readonly #trimNames

  constructor(database: Database) {
    this.#add = database.statement<KeyRow>((q, v) =>
      q.insertInto("model_keys").values({
        id: v.id,
        user: v.user,
        name: v.name,
        sha256: v.sha256,
        models_json: v.models_json,
        limit_tokens: v.limit_tokens,
        limit_per: v.limit_per,
        created_at: v.created_at,
        expires_at: v.expires_at,
      }),
    )
    this.#remove = database.statement<{ id: string }>((q, v) => q.deleteFrom("model_keys").where("id", "=", v.id))
    this.#byHash = database.statement<{ sha256: string }, KeyRow>((q, v) =>
      q.selectFrom("model_keys").selectAll().where("sha256", "=", v.sha256),
    )
    this.#has = database.statement<{ id: string }>((q, v) =>
      q.selectFrom("model_keys").select("id").where("id", "=", v.id),
    )
    this.#all = database.statement<object, KeyRow>((q) =>
      q.selectFrom("model_keys").selectAll().orderBy("created_at").orderBy("id"),
    )
    this.#addName = database.statement<NameRow>((q, v) =>
      q.replaceInto("model_key_names").values({ id: v.id, name: v.name }),
    )
    this.#names = database.statement<object, NameRow>((q) => q.selectFrom("model_key_names").selectAll())
    this.#trimNames = database.statement<object>((q) =>
      q
        .deleteFrom("model_key_names")
        .where("id", "not in", (e) => e.selectFrom("model_keys").select("id"))
        .where("id", "not in", (e) => e.selectFrom("model_usage").select("key")),
    )
    this.#one = database.statement<object, Pick<KeyRow, "id">>((q) => q.selectFrom("model_keys").select("id").limit(1))
  }

  add(key: StoredKey, sha256: string): void {
    this.#addName.run({ id: key.id, name: key.name })
    this.#add.run({
      id: key.id,
      user: key.user,
      name: key.name,
      sha256,
      models_json: key.models === null ? null : JSON.stringify(key.models),
      limit_tokens: key.limit?.tokens ?? null,
      limit_per: key.limit?.per ?? null,
      created_at: key.createdAt,
      expires_at: key.expiresAt,
    })
  }

  remove(id: KeyId): void {
    this.#remove.run({ id })
  }

  byHash(sha256: string): StoredKey | undefined {
    const row = this.#byHash.get({ sha256 })
    return row === undefined ? undefined : toKey(row)
  }

  has(id: KeyId): boolean {
    return this.#has.get({ id }) !== undefined
  }

  get isEmpty(): boolean {
    return this.#one.get({}) === undefined
  }

  /** By id; of removed ones, too. */
  names(): Map<string, string> {
    return new Map(this.#names.all({}).map(({ id, name }) => [id, name]))
  }

  /** Forgets what removed keys were called with which nothing is known to have been used. */
  trimNames(): void {
    this.#trimNames.run({})
  }

  /** Oldest first. */
  all(): StoredKey[] {
    return this.#all.all({}).map(toKey)
  }
}

function toKey(row: KeyRow): StoredKey {
  const limit =
    row.limit_tokens === null ? null : { tokens: row.limit_tokens, per: (row.limit_per ?? "day") as LimitPeriod }
  return {
    id: row.id as KeyId,
    user: row.user,
    name: row.name,
    models: row.models_json === null ? null : JSON.parse(row.models_json),
    limit,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  }
}
