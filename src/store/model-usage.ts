import type { KeyUsageRow } from "../protocol/key-api.ts"
import type { Database } from "./database.ts"
import type { Schema } from "./schema.ts"

type UsageRow = Schema["model_usage"]

/** What was used of a model with one key. */
export type ModelUsage = Omit<KeyUsageRow, "keyName">

const HOUR_MS = 3_600_000

/** The hour this moment is in: its first millisecond. */
export function hourOf(ms: number): number {
  return Math.floor(ms / HOUR_MS) * HOUR_MS
}

/** What was used of models, by the hour. It outlives keys and users. */
export class ModelUsageStore {
  readonly #add
  readonly #since
  readonly #ofKey
  readonly #ofUser
  readonly #trim

  constructor(database: Database) {
    this.#add = database.statement<UsageRow>((q, v) =>
      q
        .insertInto("model_usage")
        .values({
          hour_ms: v.hour_ms,
          user: v.user,
          key: v.key,
          model: v.model,
          requests: v.requests,
          prompt_tokens: v.prompt_tokens,
          cached_tokens: v.cached_tokens,
          completion_tokens: v.completion_tokens,
          cut_requests: v.cut_requests,
          guessed_tokens: v.guessed_tokens,
        })
        .onConflict((c) =>
          c.columns(["hour_ms", "user", "key", "model"]).doUpdateSet((e) => ({
            requests: e("model_usage.requests", "+", e.ref("excluded.requests")),
            prompt_tokens: e("model_usage.prompt_tokens", "+", e.ref("excluded.prompt_tokens")),
            cached_tokens: e("model_usage.cached_tokens", "+", e.ref("excluded.cached_tokens")),
            completion_tokens: e("model_usage.completion_tokens", "+", e.ref("excluded.completion_tokens")),
            cut_requests: e("model_usage.cut_requests", "+", e.ref("excluded.cut_requests")),
            guessed_tokens: e("model_usage.guessed_tokens", "+", e.ref("excluded.guessed_tokens")),
          })),
        ),
    )
    this.#since = database.statement<{ since: number }, Omit<UsageRow, "hour_ms">>((q, v) =>
      q
        .selectFrom("model_usage")
        .where("hour_ms", ">=", v.since)
        .select(["user", "key", "model"])
        .select((e) => [
          e.fn.sum<number>("requests").as("requests"),
          e.fn.sum<number>("prompt_tokens").as("prompt_tokens"),
          e.fn.sum<number>("cached_tokens").as("cached_tokens"),
          e.fn.sum<number>("completion_tokens").as("completion_tokens"),
          e.fn.sum<number>("cut_requests").as("cut_requests"),
          e.fn.sum<number>("guessed_tokens").as("guessed_tokens"),
        ])
        .groupBy(["user", "key", "model"])
        .orderBy("user")
        .orderBy("key")
        .orderBy("model"),
    )
    this.#ofKey = database.statement<{ key: string; since: number }, Sums>((q, v) =>
      q
        .selectFrom("model_usage")
        .where("key", "=", v.key)
        .where("hour_ms", ">=", v.since)
        .select((e) => [
          e.fn.sum<number | null>("requests").as("requests"),
          e.fn.sum<number | null>("prompt_tokens").as("prompt_tokens"),
          e.fn.sum<number | null>("completion_tokens").as("completion_tokens"),
          e.fn.sum<number | null>("guessed_tokens").as("guessed_tokens"),
        ]),
    )
    this.#ofUser = database.statement<{ user: string }>((q, v) =>
      q.selectFrom("model_usage").select("user").where("user", "=", v.user).limit(1),
    )
    this.#trim = database.statement<{ before: number }>((q, v) =>
      q.deleteFrom("model_usage").where("hour_ms", "<", v.before),
    )
  }

  /** Adds to what was used in the hour of `at`, milliseconds since 1970. */
  add(used: ModelUsage, at: number): void {
    this.#add.run({
      hour_ms: hourOf(at),
      user: used.user,
      key: used.key,
      model: used.model,
      requests: used.requests,
      prompt_tokens: used.promptTokens,
      cached_tokens: used.cachedTokens,
      completion_tokens: used.completionTokens,
      cut_requests: used.cutRequests,
      guessed_tokens: used.guessedTokens,
    })
  }

  /** From the hour of this moment on, by user, key and model. */
  since(ms: number): ModelUsage[] {
    return this.#since.all({ since: hourOf(ms) }).map((row) => ({
      user: row.user,
      key: row.key,
      model: row.model,
      requests: row.requests,
      promptTokens: row.prompt_tokens,
      cachedTokens: row.cached_tokens,
      completionTokens: row.completion_tokens,
      cutRequests: row.cut_requests,
      guessedTokens: row.guessed_tokens,
    }))
  }

  /** Of a key from the hour of this moment on. */
  ofKey(key: string, sinceMs: number): KeyTotals {
    const row = this.#ofKey.get({ key, since: hourOf(sinceMs) })
    const completionTokens = row?.completion_tokens ?? 0
    const tokens = (row?.prompt_tokens ?? 0) + completionTokens + (row?.guessed_tokens ?? 0)
    return { requests: row?.requests ?? 0, completionTokens, tokens }
  }

  hasUsed(user: string): boolean {
    return this.#ofUser.get({ user }) !== undefined
  }

  /** Forgets hours before this moment. */
  trim(before: number): void {
    this.#trim.run({ before })
  }
}

export interface KeyTotals {
  readonly requests: number
  readonly completionTokens: number
  /** All, guessed ones included. */
  readonly tokens: number
}

interface Sums {
  readonly requests: number | null
  readonly prompt_tokens: number | null
  readonly completion_tokens: number | null
  readonly guessed_tokens: number | null
}
