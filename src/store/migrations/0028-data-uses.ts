import type { Compilable, Kysely } from "kysely"
import type { Schema } from "../schema.ts"

/** When named data was last used: what the server's disk lets go of goes by that. */
export function dataUses(query: Kysely<Schema>): Compilable[] {
  return [
    query.schema
      .createTable("data_uses")
      .addColumn("name", "text", (c) => c.primaryKey())
      .addColumn("used_at", "integer", (c) => c.notNull()),
  ]
}
