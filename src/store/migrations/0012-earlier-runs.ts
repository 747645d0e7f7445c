import type { Compilable, Kysely } from "kysely"
import { sql } from "kysely"
import type { Schema } from "../schema.ts"

/** What earlier runs of a job teach about it: how much memory they held, on which hosts they ended in a crash. And how long a host slept meanwhile. */
export function earlierRuns(query: Kysely<Schema>): Compilable[] {
  return [
    query.schema.alterTable("jobs").addColumn("likeness", "text"),
    query.schema.alterTable("jobs").addColumn("learned_json", "text"),
    // Read from the newest end, and only a few of them.
    query.schema
      .createIndex("jobs_alike")
      .on("jobs")
      .columns(["likeness", "ended_at"])
      .where(sql.ref("ended_at"), "is not", null),
    query.schema.alterTable("attempts").addColumn("sleeps_json", "text"),
    query.schema
      .createTable("crashes")
      .addColumn("attempt", "text", (c) => c.primaryKey())
      .addColumn("likeness", "text", (c) => c.notNull())
      .addColumn("host", "text", (c) => c.notNull())
      .addColumn("at", "integer", (c) => c.notNull()),
  ]
}
