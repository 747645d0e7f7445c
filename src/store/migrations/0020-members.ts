import type { Compilable, Kysely } from "kysely"
import type { Schema } from "../schema.ts"

/** Attempts on several hosts: which member of one each is. */
export function members(query: Kysely<Schema>): Compilable[] {
  return [query.schema.alterTable("attempts").addColumn("member_json", "text")]
}
