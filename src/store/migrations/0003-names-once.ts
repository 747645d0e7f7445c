import { type Compilable, type Kysely, sql } from "kysely"
import type { Schema } from "../schema.ts"

/** Names of users who are gone, so that nobody else gets one. Who was removed before is known only by the jobs left. */
export function namesOnce(query: Kysely<Schema>): Compilable[] {
  const now = sql<number>`unixepoch() * 1000`
  return [
    query.schema
      .createTable("former_users")
      .addColumn("name", "text", (c) => c.primaryKey())
      .addColumn("removed_at", "integer", (c) => c.notNull()),
    query
      .insertInto("former_users")
      .columns(["name", "removed_at"])
      .expression((e) =>
        e
          .selectFrom("jobs")
          .select(["jobs.user", now.as("removed_at")])
          .distinct()
          .where((w) =>
            w.not(w.exists(w.selectFrom("users").select("users.name").whereRef("users.name", "=", "jobs.user"))),
          ),
      ),
  ]
}
