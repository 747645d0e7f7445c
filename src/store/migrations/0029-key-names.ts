import type { Compilable, Kysely } from "kysely"
import type { Schema } from "../schema.ts"

/** What keys for models were called: it is told of what they used, also once they are removed. */
export function keyNames(query: Kysely<Schema>): Compilable[] {
  return [
    query.schema
      .createTable("model_key_names")
      .addColumn("id", "text", (c) => c.primaryKey())
      .addColumn("name", "text", (c) => c.notNull()),
    query
      .insertInto("model_key_names")
      .columns(["id", "name"])
      .expression(query.selectFrom("model_keys").select(["id", "name"])),
  ]
}
