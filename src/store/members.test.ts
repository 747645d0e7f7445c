import assert from "node:assert/strict"
import { test } from "node:test"
import type { JobId } from "../protocol/ids.ts"
import { DEFAULT_SPEC } from "../protocol/job.ts"
import { Database } from "./database.ts"
import { JobStore } from "./jobs.ts"
import { migrate } from "./migrate.ts"

const ATTEMPT = `INSERT INTO attempts (id, job, number, host, host_name, sequence, state, lease_json, placed_at, swept, fenced, on_host, log_complete)
  VALUES ('a1', 1, 1, 'h1', 'mac-1', 1, 'running', '{}', 1, 0, 0, 1, 0)`

test("an attempt of before there were several hosts is on one; members come by their ranks, with what is known of each", () => {
  using database = new Database(":memory:")
  migrate(database, 18)
  const spec = JSON.stringify({ ...DEFAULT_SPEC, command: ["true"] })
  database.execute("INSERT INTO users VALUES ('ada', 'admin', 1)")
  database.execute(
    `INSERT INTO jobs (id, user, state, spec_json, submitted_at) VALUES (1, 'ada', 'running', '${spec}', 1)`,
  )
  database.execute(ATTEMPT)
  migrate(database)
  const jobs = new JobStore(database)
  const [old] = jobs.get(1 as JobId)!.attempts
  assert.ok(old !== undefined)
  assert.equal(old.member, undefined)
  const ended = { order: 1, slipped: false }
  for (const rank of [1, 0]) {
    const member = { rank, size: 2, link: "wired", ended }
    jobs.attempts.insert({ ...old, id: `a${rank + 2}` as typeof old.id, number: 2, member })
  }
  const attempts = jobs.get(1 as JobId)!.attempts
  assert.deepEqual(
    attempts.map(({ number, member }) => [number, member?.rank, member?.ended]),
    [
      [1, undefined, undefined],
      [2, 0, ended],
      [2, 1, ended],
    ],
  )
})
