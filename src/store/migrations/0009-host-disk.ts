import type { Compilable, Kysely } from "kysely"
import type { Schema } from "../schema.ts"

/** What an administrator lets Windfall hold on a host. */
export function hostDisk(query: Kysely<Schema>): Compilable[] {
  return [query.schema.alterTable("hosts").addColumn("disk_limit_bytes", "integer")]
}
