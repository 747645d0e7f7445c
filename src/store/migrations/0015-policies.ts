import type { Compilable, Kysely } from "kysely"
import type { Schema } from "../schema.ts"

/** Policy files as they were applied, one after the other. */
export function policies(query: Kysely<Schema>): Compilable[] {
  return [
    query.schema
      .createTable("policies")
      .addColumn("version", "integer", (column) => column.primaryKey())
      .addColumn("text", "text", (column) => column.notNull())
      .addColumn("applied_at", "integer", (column) => column.notNull())
      .addColumn("applied_by", "text", (column) => column.notNull()),
  ]
}
