import type { Compilable, Kysely } from "kysely"
import type { Schema } from "../schema.ts"

/** Whether jobs may change what lies at a place of a host. */
export function dataWritable(query: Kysely<Schema>): Compilable[] {
  return [
    query.schema.alterTable("data_places").addColumn("writable", "integer", (column) => column.notNull().defaultTo(0)),
  ]
}
