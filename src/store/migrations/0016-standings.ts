import type { Compilable, Kysely } from "kysely"
import type { Schema } from "../schema.ts"

/** What was said of a job's place in the queue after it was sent. */
export function standings(query: Kysely<Schema>): Compilable[] {
  return [query.schema.alterTable("jobs").addColumn("standing_json", "text")]
}
