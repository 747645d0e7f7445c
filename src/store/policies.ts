import type { Database } from "./database.ts"
import type { Schema } from "./schema.ts"

type Row = Schema["policies"]

/** A policy file that was applied. */
export interface PolicyRecord {
  /** Counted up from 1. */
  readonly version: number
  readonly text: string
  readonly appliedAt: number
  readonly appliedBy: string
}

/** Policy files, each as it was written; the last one holds. Earlier ones stay, so that it can be said what held when. */
export class PolicyStore {
  readonly #add
  readonly #latest
  /** It is asked for at each pass, and for each job that is sent. */
  #known: PolicyRecord | null | undefined

  constructor(database: Database) {
    this.#add = database.statement<Row>((q, v) =>
      q
        .insertInto("policies")
        .values({ version: v.version, text: v.text, applied_at: v.applied_at, applied_by: v.applied_by }),
    )
    this.#latest = database.statement<object, Row>((q) =>
      q.selectFrom("policies").selectAll().orderBy("version", "desc").limit(1),
    )
  }

  add({ version, text, appliedAt, appliedBy }: PolicyRecord): void {
    this.#add.run({ version, text, applied_at: appliedAt, applied_by: appliedBy })
    this.#known = undefined
  }

  /** Reads anew what is asked for next: what was added may have been undone. */
  reload(): void {
    this.#known = undefined
  }

  /** `null`: none was applied yet. */
  latest(): PolicyRecord | null {
    if (this.#known === undefined) {
      const [row] = this.#latest.all({})
      this.#known =
        row === undefined
          ? null
          : { version: row.version, text: row.text, appliedAt: row.applied_at, appliedBy: row.applied_by }
    }
    return this.#known
  }
}
