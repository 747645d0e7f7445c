import type { Compilable, Kysely } from "kysely"
import type { Schema } from "../schema.ts"

/** What ended attempts left on a host is remembered with the host. */
export function leftovers(query: Kysely<Schema>): Compilable[] {
  return [query.schema.alterTable("hosts").addColumn("leftovers_json", "text")]
}
