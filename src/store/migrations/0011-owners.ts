import type { Compilable, Kysely } from "kysely"
import type { Schema } from "../schema.ts"

/** Whose Mac a host is and what was said of it, what fleets say, and how jobs stepped aside. */
export function owners(query: Kysely<Schema>): Compilable[] {
  return [
    query.schema.alterTable("hosts").addColumn("console_account", "text"),
    query.schema.alterTable("hosts").addColumn("lever_json", "text"),
    query.schema.alterTable("hosts").addColumn("week_told_at", "integer"),
    query.schema.alterTable("attempts").addColumn("suspended_json", "text"),
    query.schema.alterTable("attempts").addColumn("suspended_ms", "integer", (column) => column.notNull().defaultTo(0)),
    query.schema
      .createTable("fleet_policies")
      .addColumn("fleet", "text", (c) => c.primaryKey())
      .addColumn("preset", "text", (c) => c.notNull())
      .addColumn("rules_json", "text", (c) => c.notNull()),
    query.schema
      .createTable("step_asides")
      .addColumn("host", "text", (c) => c.notNull())
      .addColumn("attempt", "text", (c) => c.notNull())
      .addColumn("at", "integer", (c) => c.notNull())
      .addColumn("ended_at", "integer")
      .addColumn("reaction_ms", "integer", (c) => c.notNull())
      .addColumn("vacated", "integer", (c) => c.notNull())
      .addPrimaryKeyConstraint("step_asides_key", ["attempt", "at"]),
    query.schema.createIndex("step_asides_of_host").on("step_asides").columns(["host", "at"]),
    query.schema.createIndex("attempts_of_host").on("attempts").columns(["host", "ended_at"]),
  ]
}
