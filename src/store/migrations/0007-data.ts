import type { Compilable, Kysely } from "kysely"
import type { Schema } from "../schema.ts"

/** Data by name: versions that lie on the server, and places where hosts have it themselves. */
export function data(query: Kysely<Schema>): Compilable[] {
  return [
    query.schema
      .createTable("data")
      .addColumn("name", "text", (c) => c.primaryKey())
      .addColumn("user", "text", (c) => c.notNull())
      .addColumn("shared", "integer", (c) => c.notNull())
      .addColumn("created_at", "integer", (c) => c.notNull())
      .addColumn("last_version", "integer", (c) => c.notNull())
      .addColumn("removed_at", "integer"),
    query.schema
      .createTable("data_versions")
      .addColumn("name", "text", (c) => c.notNull().references("data.name"))
      .addColumn("version", "integer", (c) => c.notNull())
      .addColumn("root", "text", (c) => c.notNull())
      .addColumn("files", "integer", (c) => c.notNull())
      .addColumn("bytes", "integer", (c) => c.notNull())
      .addColumn("added_at", "integer", (c) => c.notNull())
      .addPrimaryKeyConstraint("data_versions_key", ["name", "version"]),
    query.schema
      .createTable("data_places")
      .addColumn("name", "text", (c) => c.notNull().references("data.name"))
      .addColumn("host", "text", (c) => c.notNull())
      .addColumn("path", "text", (c) => c.notNull())
      .addColumn("proved_at", "integer", (c) => c.notNull())
      .addColumn("problem", "text")
      .addPrimaryKeyConstraint("data_places_key", ["name", "host"]),
  ]
}
