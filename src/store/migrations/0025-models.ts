import type { Compilable, Kysely } from "kysely"
import type { Schema } from "../schema.ts"

/** Models that are served, and their replicas. */
export function models(query: Kysely<Schema>): Compilable[] {
  return [
    query.schema
      .createTable("models")
      .addColumn("name", "text", (c) => c.primaryKey())
      .addColumn("user", "text", (c) => c.notNull())
      .addColumn("data", "text", (c) => c.notNull())
      .addColumn("version", "integer", (c) => c.notNull())
      .addColumn("file", "text")
      .addColumn("options_json", "text", (c) => c.notNull())
      .addColumn("wanted", "text", (c) => c.notNull())
      .addColumn("awake", "integer", (c) => c.notNull())
      .addColumn("generation", "integer", (c) => c.notNull())
      .addColumn("reason", "text")
      .addColumn("created_at", "integer", (c) => c.notNull()),
    query.schema
      .createTable("model_replicas")
      .addColumn("model", "text", (c) => c.notNull().references("models.name").onDelete("cascade"))
      .addColumn("number", "integer", (c) => c.notNull())
      .addColumn("state", "text", (c) => c.notNull())
      .addColumn("generation", "integer", (c) => c.notNull())
      .addColumn("job", "integer")
      .addColumn("losses", "integer", (c) => c.notNull())
      .addColumn("not_before", "integer")
      .addColumn("ready_since", "integer")
      .addColumn("reason", "text")
      .addColumn("plan_json", "text")
      .addColumn("sealed_key", "blob")
      .addPrimaryKeyConstraint("model_replicas_key", ["model", "number"]),
  ]
}
