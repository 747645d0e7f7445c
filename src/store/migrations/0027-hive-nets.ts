import type { Compilable, Kysely } from "kysely"
import type { Schema } from "../schema.ts"

/** Networks of fleets that members of hives may talk over. */
export function hiveNets(query: Kysely<Schema>): Compilable[] {
  return [
    query.schema
      .createTable("hive_nets")
      .addColumn("fleet", "text", (c) => c.primaryKey())
      .addColumn("nets_json", "text", (c) => c.notNull()),
  ]
}
