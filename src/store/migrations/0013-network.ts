import type { Compilable, Kysely } from "kysely"
import type { Schema } from "../schema.ts"

/** How hosts are on the network, what was measured between them, and what names a machine whatever it is called. */
export function network(query: Kysely<Schema>): Compilable[] {
  const { schema } = query
  return [
    schema.alterTable("hosts").addColumn("machine", "text"),
    schema.alterTable("hosts").addColumn("network_json", "text"),
    schema
      .createTable("network_measures")
      .addColumn("from_end", "text", (column) => column.notNull())
      .addColumn("to_end", "text", (column) => column.notNull())
      .addColumn("mbps", "real", (column) => column.notNull())
      .addColumn("round_trip_ms", "real", (column) => column.notNull())
      .addColumn("bytes", "integer", (column) => column.notNull())
      .addColumn("duration_ms", "real", (column) => column.notNull())
      .addColumn("at", "integer", (column) => column.notNull())
      .addPrimaryKeyConstraint("network_measures_ends", ["from_end", "to_end"]),
  ]
}
