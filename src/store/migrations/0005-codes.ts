import type { Compilable, Kysely } from "kysely"
import type { Schema } from "../schema.ts"

/** One-time codes. They end with whoever made them. */
export function codes(query: Kysely<Schema>): Compilable[] {
  return [
    query.schema
      .createTable("codes")
      .addColumn("id", "text", (c) => c.primaryKey())
      .addColumn("purpose", "text", (c) => c.notNull())
      .addColumn("sha256", "text", (c) => c.notNull().unique())
      .addColumn("about", "text", (c) => c.notNull())
      .addColumn("detail_json", "text", (c) => c.notNull())
      .addColumn("made_by", "text", (c) => c.notNull().references("users.name").onDelete("cascade"))
      .addColumn("created_at", "integer", (c) => c.notNull())
      .addColumn("expires_at", "integer", (c) => c.notNull())
      .addColumn("used_at", "integer"),
  ]
}
