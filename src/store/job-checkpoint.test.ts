import assert from "node:assert/strict"
import { test } from "node:test"
import type { JobId } from "../protocol/ids.ts"
import { DEFAULT_SPEC } from "../protocol/job.ts"
import { Database } from "./database.ts"
import { JobStore } from "./jobs.ts"
import { migrate } from "./migrate.ts"

test("a job of before attempts left anything to the next has no checkpoint, and takes one", () => {
  using database = new Database(":memory:")
  migrate(database, 13)
  const { checkpoint: _, ...spec } = { ...DEFAULT_SPEC, command: ["true"] }
  database.execute("INSERT INTO users VALUES ('ada', 'admin', 1)")
  database.execute(
    `INSERT INTO jobs (id, user, state, spec_json, submitted_at) VALUES (1, 'ada', 'queued', '${JSON.stringify(spec)}', 1)`,
  )
  migrate(database)
  const jobs = new JobStore(database)
  const job = jobs.get(1 as JobId)!
  assert.deepEqual([job.spec.checkpoint, job.checkpoint], [null, undefined])
  job.checkpoint = { kept: null, awaited: { attempt: 1, until: 5 }, problem: "p" }
  jobs.update(job)
  assert.deepEqual(jobs.get(1 as JobId)?.checkpoint, job.checkpoint)
})
