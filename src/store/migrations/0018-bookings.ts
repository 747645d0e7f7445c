import type { Compilable, Kysely } from "kysely"
import type { Schema } from "../schema.ts"

/** Hosts that are kept for some people, or for maintenance. */
export function bookings(query: Kysely<Schema>): Compilable[] {
  return [
    query.schema
      .createTable("bookings")
      .addColumn("name", "text", (column) => column.primaryKey())
      .addColumn("made_at", "integer", (column) => column.notNull())
      .addColumn("booking_json", "text", (column) => column.notNull()),
  ]
}
