import type { Compilable, Kysely } from "kysely"
import type { Schema } from "../schema.ts"

/** Whom to tell of jobs, what is to be told, and what was told already. */
export function notify(query: Kysely<Schema>): Compilable[] {
  return [
    query.schema
      .createTable("notify_targets")
      .addColumn("id", "text", (c) => c.primaryKey())
      .addColumn("user", "text", (c) => c.notNull().references("users.name").onDelete("cascade"))
      .addColumn("kind", "text", (c) => c.notNull())
      .addColumn("sealed", "blob", (c) => c.notNull())
      .addColumn("is_default", "integer", (c) => c.notNull())
      .addColumn("by_job", "integer", (c) => c.notNull())
      .addColumn("on_json", "text", (c) => c.notNull())
      .addColumn("created_at", "integer", (c) => c.notNull())
      .addColumn("next_at", "integer", (c) => c.notNull())
      .addColumn("failures", "integer", (c) => c.notNull())
      .addColumn("dropped", "integer", (c) => c.notNull())
      .addColumn("delivered_at", "integer")
      .addColumn("failing_since", "integer")
      .addColumn("problem", "text"),
    query.schema
      .createTable("notify_outbox")
      .addColumn("sequence", "integer", (c) => c.primaryKey())
      .addColumn("id", "text", (c) => c.notNull().unique())
      .addColumn("target", "text", (c) => c.notNull().references("notify_targets.id").onDelete("cascade"))
      .addColumn("facts_json", "text", (c) => c.notNull())
      .addColumn("created_at", "integer", (c) => c.notNull()),
    query.schema.createIndex("notify_outbox_of_target").on("notify_outbox").columns(["target", "sequence"]),
    query.schema
      .createTable("notify_told")
      .addColumn("job", "integer", (c) => c.notNull().references("jobs.id").onDelete("cascade"))
      .addColumn("what", "text", (c) => c.notNull())
      .addPrimaryKeyConstraint("notify_told_key", ["job", "what"]),
  ]
}
