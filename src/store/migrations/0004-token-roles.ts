import type { Compilable, Kysely } from "kysely"
import type { Schema } from "../schema.ts"

/** A token may carry less than its user's role. */
export function tokenRoles(query: Kysely<Schema>): Compilable[] {
  return [query.schema.alterTable("tokens").addColumn("role", "text")]
}
