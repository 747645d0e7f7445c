import type { CodePurpose, InviteView } from "../protocol/api.ts"
import type { CodeId } from "../protocol/ids.ts"
import type { Database } from "./database.ts"
import type { Schema } from "./schema.ts"

type CodeRow = Schema["codes"]

/** A one-time code as it is kept: without the code itself. */
export interface StoredCode extends InviteView {
  /** What else its purpose needs to know, as JSON. */
  readonly detail: unknown
}

/** One-time codes, by their hash. */
export class CodeStore {
  readonly #add
  readonly #byHash
  readonly #all
  readonly #use
  readonly #free
  readonly #remove
  readonly #trim

  constructor(database: Database) {
    this.#add = database.statement<CodeRow>((q, v) =>
      q.insertInto("codes").values({
        id: v.id,
        purpose: v.purpose,
        sha256: v.sha256,
        about: v.about,
        detail_json: v.detail_json,
        made_by: v.made_by,
        created_at: v.created_at,
        expires_at: v.expires_at,
        used_at: v.used_at,
      }),
    )
    this.#byHash = database.statement<{ sha256: string }, CodeRow>((q, v) =>
      q.selectFrom("codes").selectAll().where("sha256", "=", v.sha256),
    )
    this.#all = database.statement<object, CodeRow>((q) =>
      q.selectFrom("codes").selectAll().orderBy("created_at").orderBy("id"),
    )
    this.#use = database.statement<{ id: string; at: number }>((q, v) =>
      q.updateTable("codes").set({ used_at: v.at }).where("id", "=", v.id).where("used_at", "is", null),
    )
    this.#free = database.statement<{ id: string }>((q, v) =>
      q.updateTable("codes").set({ used_at: null }).where("id", "=", v.id),
    )
    this.#remove = database.statement<{ id: string }>((q, v) => q.deleteFrom("codes").where("id", "=", v.id))
    this.#trim = database.statement<{ before: number }>((q, v) =>
      q.deleteFrom("codes").where("expires_at", "<", v.before),
    )
  }

  add(code: StoredCode, sha256: string): void {
    this.#add.run({
      id: code.id,
      purpose: code.purpose,
      sha256,
      about: code.about,
      detail_json: JSON.stringify(code.detail),
      made_by: code.madeBy,
      created_at: code.createdAt,
      expires_at: code.expiresAt,
      used_at: code.usedAt,
    })
  }

  byHash(sha256: string): StoredCode | undefined {
    const row = this.#byHash.get({ sha256 })
    return row === undefined ? undefined : toCode(row)
  }

  /** Oldest first. */
  all(): StoredCode[] {
    return this.#all.all({}).map(toCode)
  }

  /** Whether it was unused until now. */
  use(id: CodeId, at: number): boolean {
    return this.#use.run({ id, at }) > 0
  }

  /** Unused again. */
  free(id: CodeId): void {
    this.#free.run({ id })
  }

  remove(id: CodeId): void {
    this.#remove.run({ id })
  }

  /** Forgets codes that ended before this time. */
  trim(before: number): void {
    this.#trim.run({ before })
  }
}

function toCode(row: CodeRow): StoredCode {
  return {
    id: row.id as CodeId,
    purpose: row.purpose as CodePurpose,
    about: row.about,
    detail: JSON.parse(row.detail_json),
    madeBy: row.made_by,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    usedAt: row.used_at,
  }
}
