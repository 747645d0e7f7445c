import type { Compilable, Kysely } from "kysely"
import type { Schema } from "../schema.ts"

/** That a host is leaving outlives a restart: it is cleaned at the next contact, whenever that is. */
export function leaving(query: Kysely<Schema>): Compilable[] {
  return [query.schema.alterTable("hosts").addColumn("leaving_json", "text")]
}
