import type { Compilable, Kysely } from "kysely"
import type { Schema } from "../schema.ts"

/** What attempts held and when, what was charged for it, and by which rules. */
export function usage(query: Kysely<Schema>): Compilable[] {
  return [
    query.schema
      .createTable("usage_intervals")
      .addColumn("attempt", "text", (c) => c.primaryKey())
      .addColumn("job", "integer", (c) => c.notNull())
      .addColumn("user", "text", (c) => c.notNull())
      .addColumn("account", "text", (c) => c.notNull())
      .addColumn("qos", "text", (c) => c.notNull())
      .addColumn("partition", "text", (c) => c.notNull())
      .addColumn("model", "text")
      .addColumn("host", "text", (c) => c.notNull())
      .addColumn("host_name", "text", (c) => c.notNull())
      .addColumn("lease_json", "text", (c) => c.notNull())
      .addColumn("units", "real", (c) => c.notNull())
      .addColumn("factor", "real", (c) => c.notNull())
      .addColumn("owner", "text")
      .addColumn("credit_account", "text")
      .addColumn("credit", "real", (c) => c.notNull())
      .addColumn("from_ms", "integer", (c) => c.notNull())
      .addColumn("to_ms", "integer")
      .addColumn("stops_json", "text", (c) => c.notNull()),
    query.schema.createIndex("usage_intervals_by_end").on("usage_intervals").column("to_ms"),
    query.schema
      .createTable("usage_charges")
      .addColumn("through_ms", "integer", (c) => c.notNull())
      .addColumn("leaf", "text", (c) => c.notNull())
      .addColumn("charged_json", "text", (c) => c.notNull())
      .addColumn("sum_json", "text", (c) => c.notNull())
      .addColumn("whole", "integer", (c) => c.notNull())
      .addPrimaryKeyConstraint("usage_charges_key", ["through_ms", "leaf"]),
    query.schema
      .createTable("usage_rules")
      .addColumn("since_ms", "integer", (c) => c.primaryKey())
      .addColumn("rules_json", "text", (c) => c.notNull()),
  ]
}
