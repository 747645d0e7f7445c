import { type Compilable, type Kysely, sql } from "kysely"
import type { Schema } from "../schema.ts"

/** Arrays: one row for the array, which keeps as many numbers as it has tasks, and one for each task from when it begins. */
export function arrays(query: Kysely<Schema>): Compilable[] {
  return [
    query.schema.alterTable("jobs").addColumn("array_job", "integer"),
    query.schema.alterTable("jobs").addColumn("array_index", "integer"),
    query.schema.alterTable("jobs").addColumn("array_tasks", "text"),
    query.schema.alterTable("jobs").addColumn("array_json", "text"),
    query.schema.alterTable("jobs").addColumn("last_id", "integer"),
    query.schema.createIndex("jobs_last_ids").on("jobs").column("last_id").where(sql.ref("last_id"), "is not", null),
  ]
}
