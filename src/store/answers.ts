import type { Database } from "./database.ts"

/** The first answer to a request that carried an idempotency key. */
export interface StoredAnswer {
  /** Of route and body: the same key with another question is a mistake of the caller. */
  readonly askedSha256: string
  readonly status: number
  /** Sealed by the caller of this store: an answer may hold a token. */
  readonly answer: Uint8Array
}

/** Answers kept for repeats of the same request. */
export class AnswerStore {
  readonly #get
  readonly #put
  readonly #trim
  readonly #forget

  constructor(database: Database) {
    this.#get = database.statement<
      { user: string; key: string },
      { asked_sha256: string; status: number; answer: Uint8Array }
    >((q, v) =>
      q
        .selectFrom("idempotency")
        .select(["asked_sha256", "status", "answer"])
        .where("user", "=", v.user)
        .where("key", "=", v.key),
    )
    this.#put = database.statement<{
      user: string
      key: string
      asked: string
      status: number
      answer: Uint8Array
      at: number
    }>((q, v) =>
      q.replaceInto("idempotency").values({
        user: v.user,
        key: v.key,
        asked_sha256: v.asked,
        status: v.status,
        answer: v.answer,
        at: v.at,
      }),
    )
    this.#trim = database.statement<{ before: number }>((q, v) =>
      q.deleteFrom("idempotency").where("at", "<", v.before),
    )
    this.#forget = database.statement<{ user: string }>((q, v) =>
      q.deleteFrom("idempotency").where("user", "=", v.user),
    )
  }

  get(user: string, key: string): StoredAnswer | undefined {
    const row = this.#get.get({ user, key })
    return row === undefined ? undefined : { askedSha256: row.asked_sha256, status: row.status, answer: row.answer }
  }

  /** Replaces what was there under the key. */
  put(user: string, key: string, stored: StoredAnswer, at: number): void {
    this.#put.run({ user, key, asked: stored.askedSha256, status: stored.status, answer: stored.answer, at })
  }

  /** Removes all that a user was answered. */
  forget(user: string): void {
    this.#forget.run({ user })
  }

  /** Removes answers given before `before` (ms since 1970) and returns how many. */
  trim(before: number): number {
    return this.#trim.run({ before })
  }
}
