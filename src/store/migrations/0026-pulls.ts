import type { Compilable, Kysely } from "kysely"
import type { Schema } from "../schema.ts"

/** Models that are fetched from a hub, what has come of them, and what is known of the files that did. */
export function pulls(query: Kysely<Schema>): Compilable[] {
  return [
    query.schema
      .createTable("pulls")
      .addColumn("id", "text", (c) => c.primaryKey())
      .addColumn("user", "text", (c) => c.notNull().references("users.name").onDelete("cascade"))
      .addColumn("name", "text", (c) => c.notNull())
      .addColumn("shared", "integer")
      .addColumn("hub", "text", (c) => c.notNull())
      .addColumn("secret", "text")
      .addColumn("revision", "text", (c) => c.notNull())
      .addColumn("model_json", "text", (c) => c.notNull())
      .addColumn("state", "text", (c) => c.notNull())
      .addColumn("reason", "text")
      .addColumn("version", "integer")
      .addColumn("created_at", "integer", (c) => c.notNull())
      .addColumn("ended_at", "integer"),
    query.schema
      .createTable("pull_chunks")
      .addColumn("user", "text", (c) => c.notNull().references("users.name").onDelete("cascade"))
      .addColumn("content", "text", (c) => c.notNull())
      .addColumn("position", "integer", (c) => c.notNull())
      .addColumn("blob", "text", (c) => c.notNull())
      .addColumn("at", "integer", (c) => c.notNull())
      .addPrimaryKeyConstraint("pull_chunks_key", ["user", "content", "position"]),
    query.schema
      .createTable("known_contents")
      .addColumn("user", "text", (c) => c.notNull().references("users.name").onDelete("cascade"))
      .addColumn("content", "text", (c) => c.notNull())
      .addColumn("bytes", "integer", (c) => c.notNull())
      .addColumn("blob", "text", (c) => c.notNull())
      .addPrimaryKeyConstraint("known_contents_key", ["user", "content"]),
  ]
}
