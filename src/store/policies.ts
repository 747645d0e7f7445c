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
  }

  /** `null`: none was applied yet. */
  latest(): PolicyRecord | null {
    const [row] = this.#latest.all({})
    if (row === undefined) return null
    return { version: row.version, text: row.text, appliedAt: row.applied_at, appliedBy: row.applied_by }
  }
}
