import { type Compilable, type Kysely, sql } from "kysely"
import type { Schema } from "../schema.ts"

/** The first tables. */
export function start(query: Kysely<Schema>): Compilable[] {
  const table = (name: string) => query.schema.createTable(name)
  return [
    table("meta")
      .addColumn("key", "text", (c) => c.primaryKey())
      .addColumn("value", "text", (c) => c.notNull()),
    table("users")
      .addColumn("name", "text", (c) => c.primaryKey())
      .addColumn("role", "text", (c) => c.notNull())
      .addColumn("created_at", "integer", (c) => c.notNull()),
    table("tokens")
      .addColumn("id", "text", (c) => c.primaryKey())
      .addColumn("user", "text", (c) => c.notNull().references("users.name").onDelete("cascade"))
      .addColumn("sha256", "text", (c) => c.notNull().unique())
      .addColumn("created_at", "integer", (c) => c.notNull())
      .addColumn("expires_at", "integer"),
    table("secrets")
      .addColumn("user", "text", (c) => c.notNull().references("users.name").onDelete("cascade"))
      .addColumn("name", "text", (c) => c.notNull())
      .addColumn("sealed", "blob", (c) => c.notNull())
      .addColumn("changed_at", "integer", (c) => c.notNull())
      .addPrimaryKeyConstraint("secrets_key", ["user", "name"]),
    table("hosts")
      .addColumn("id", "text", (c) => c.primaryKey())
      .addColumn("name", "text", (c) => c.notNull().unique())
      .addColumn("address", "text", (c) => c.notNull())
      .addColumn("port", "integer")
      .addColumn("owner", "text")
      .addColumn("fleet", "text", (c) => c.notNull())
      .addColumn("labels_json", "text", (c) => c.notNull())
      .addColumn("host_key", "text", (c) => c.notNull())
      .addColumn("draining", "integer", (c) => c.notNull())
      .addColumn("created_at", "integer", (c) => c.notNull())
      .addColumn("facts_json", "text")
      .addColumn("next_sequence", "integer", (c) => c.notNull()),
    table("jobs")
      .addColumn("id", "integer", (c) => c.primaryKey())
      .addColumn("user", "text", (c) => c.notNull())
      .addColumn("name", "text")
      .addColumn("state", "text", (c) => c.notNull())
      .addColumn("spec_json", "text", (c) => c.notNull())
      .addColumn("cause", "text")
      .addColumn("exit_code", "integer")
      .addColumn("signal", "integer")
      .addColumn("verdict", "text")
      .addColumn("reason", "text")
      .addColumn("submitted_at", "integer", (c) => c.notNull())
      .addColumn("started_at", "integer")
      .addColumn("ended_at", "integer")
      .addColumn("outputs_json", "text")
      .addColumn("stop_json", "text"),
    // Only few jobs are unfinished at any time, however long the list grows.
    query.schema
      .createIndex("jobs_unfinished")
      .on("jobs")
      .column("id")
      .where(sql.ref("state"), "not in", sql`('succeeded', 'failed', 'cancelled', 'timed_out')`),
    table("attempts")
      .addColumn("id", "text", (c) => c.primaryKey())
      .addColumn("job", "integer", (c) => c.notNull().references("jobs.id").onDelete("cascade"))
      .addColumn("number", "integer", (c) => c.notNull())
      .addColumn("host", "text", (c) => c.notNull())
      .addColumn("host_name", "text", (c) => c.notNull())
      .addColumn("sequence", "integer", (c) => c.notNull())
      .addColumn("state", "text", (c) => c.notNull())
      .addColumn("lease_json", "text", (c) => c.notNull())
      .addColumn("placed_at", "integer", (c) => c.notNull())
      .addColumn("started_at", "integer")
      .addColumn("ended_at", "integer")
      .addColumn("out_of_contact_since", "integer")
      .addColumn("cause", "text")
      .addColumn("exit_code", "integer")
      .addColumn("signal", "integer")
      .addColumn("message", "text")
      .addColumn("peak_memory_bytes", "integer")
      .addColumn("stdout_bytes", "integer")
      .addColumn("stderr_bytes", "integer")
      .addColumn("swept", "integer", (c) => c.notNull())
      .addColumn("fenced", "integer", (c) => c.notNull())
      .addColumn("on_host", "integer", (c) => c.notNull())
      .addColumn("log_complete", "integer", (c) => c.notNull()),
    query.schema.createIndex("attempts_of_job").on("attempts").columns(["job", "number"]),
    query.schema
      .createIndex("attempts_on_host")
      .on("attempts")
      .columns(["host", "sequence"])
      .where(sql.ref("on_host"), "=", sql.lit(1)),
    table("events")
      .addColumn("sequence", "integer", (c) => c.primaryKey())
      .addColumn("at", "integer", (c) => c.notNull())
      .addColumn("actor", "text", (c) => c.notNull())
      .addColumn("job", "integer")
      .addColumn("body_json", "text", (c) => c.notNull()),
    query.schema.createIndex("events_of_job").on("events").columns(["job"]).where(sql.ref("job"), "is not", null),
    table("idempotency")
      .addColumn("user", "text", (c) => c.notNull())
      .addColumn("key", "text", (c) => c.notNull())
      .addColumn("asked_sha256", "text", (c) => c.notNull())
      .addColumn("status", "integer", (c) => c.notNull())
      .addColumn("answer", "blob", (c) => c.notNull())
      .addColumn("at", "integer", (c) => c.notNull())
      .addPrimaryKeyConstraint("idempotency_key", ["user", "key"]),
    query.schema.createIndex("idempotency_by_age").on("idempotency").columns(["at"]),
  ]
}
