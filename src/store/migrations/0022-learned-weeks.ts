import type { Compilable, Kysely } from "kysely"
import type { Schema } from "../schema.ts"

/** When people are usually at a host: one row for each, written about once an hour. */
export function learnedWeeks(query: Kysely<Schema>): Compilable[] {
  return [
    query.schema
      .createTable("learned_weeks")
      .addColumn("host", "text", (column) => column.primaryKey())
      .addColumn("learns", "integer", (column) => column.notNull())
      .addColumn("week_json", "text"),
  ]
}
