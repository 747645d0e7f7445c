import type { Compilable, Kysely } from "kysely"
import type { Schema } from "../schema.ts"

/** What attempts that are tried again leave to the next. */
export function checkpoints(query: Kysely<Schema>): Compilable[] {
  return [query.schema.alterTable("jobs").addColumn("checkpoint_json", "text")]
}
