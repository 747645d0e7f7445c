import type { Compilable, Kysely } from "kysely"
import type { Schema } from "../schema.ts"

/** Keys for models, and what was used with them: one row for each hour, user, key and model. */
export function modelKeys(query: Kysely<Schema>): Compilable[] {
  return [
    query.schema
      .createTable("model_keys")
      .addColumn("id", "text", (c) => c.primaryKey())
      .addColumn("user", "text", (c) => c.notNull().references("users.name").onDelete("cascade"))
      .addColumn("name", "text", (c) => c.notNull())
      .addColumn("sha256", "text", (c) => c.notNull().unique())
      .addColumn("models_json", "text")
      .addColumn("limit_tokens", "integer")
      .addColumn("limit_per", "text")
      .addColumn("created_at", "integer", (c) => c.notNull())
      .addColumn("expires_at", "integer"),
    query.schema.createIndex("model_keys_by_user").on("model_keys").column("user"),
    query.schema
      .createTable("model_usage")
      .addColumn("hour_ms", "integer", (c) => c.notNull())
      .addColumn("user", "text", (c) => c.notNull())
      .addColumn("key", "text", (c) => c.notNull())
      .addColumn("model", "text", (c) => c.notNull())
      .addColumn("requests", "integer", (c) => c.notNull())
      .addColumn("prompt_tokens", "integer", (c) => c.notNull())
      .addColumn("cached_tokens", "integer", (c) => c.notNull())
      .addColumn("completion_tokens", "integer", (c) => c.notNull())
      .addColumn("cut_requests", "integer", (c) => c.notNull())
      .addColumn("guessed_tokens", "integer", (c) => c.notNull())
      .addPrimaryKeyConstraint("model_usage_key", ["hour_ms", "user", "key", "model"]),
    query.schema.createIndex("model_usage_by_key").on("model_usage").columns(["key", "hour_ms"]),
    query.schema.createIndex("model_usage_by_user").on("model_usage").column("user"),
  ]
}
