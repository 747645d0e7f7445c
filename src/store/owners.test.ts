import assert from "node:assert/strict"
import { test } from "node:test"
import type { AttemptId, HostId, JobId } from "../protocol/ids.ts"
import { type Lever, NO_LEVER } from "../protocol/owner.ts"
import { Database } from "./database.ts"
import { FleetPolicyStore } from "./fleet-policies.ts"
import { HostStore } from "./hosts.ts"
import { JobStore } from "./jobs.ts"
import { migrate } from "./migrate.ts"
import { StepAsideStore } from "./step-asides.ts"

test("hosts and attempts stored before owners could say anything are as nothing was said", () => {
  using database = new Database(":memory:")
  migrate(database, 10)
  database.execute(
    "INSERT INTO hosts VALUES ('h1', 'studio', 'a@b', NULL, 'mia', 'default', '{}', 'key', 0, 5, NULL, 7, NULL, NULL, NULL)",
  )
  database.execute("INSERT INTO jobs (id, user, state, spec_json, submitted_at) VALUES (1, 'ada', 'running', '{}', 1)")
  const attempt = "'a1', 1, 1, 'h1', 'studio', 3, 'running', '{}', 5, 6, NULL, NULL, NULL, NULL, NULL, NULL, NULL"
  database.execute(`INSERT INTO attempts VALUES (${attempt}, NULL, NULL, 0, 0, 1, 0)`)
  migrate(database)
  const hosts = new HostStore(database)
  const [host] = hosts.list()
  assert.ok(host !== undefined)
  assert.deepEqual(
    [host.owner, host.consoleAccount, host.lever, host.weekToldAt, host.nextSequence],
    ["mia", null, NO_LEVER, null, 7],
  )
  const lever: Lever = {
    pauses: { owner: { at: 9, by: "mia", pause: { since: 9, until: null } } },
    rules: { at: 8, by: "mia", rules: { who: "ada" } },
  }
  hosts.update({ ...host, consoleAccount: "mia.w", lever, weekToldAt: 11 })
  assert.deepEqual(
    hosts.list().map((each) => [each.consoleAccount, each.lever, each.weekToldAt]),
    [["mia.w", lever, 11]],
  )
  const jobs = new JobStore(database)
  const [running] = jobs.get(1 as JobId)?.attempts ?? []
  assert.ok(running !== undefined)
  assert.deepEqual([running.state, running.suspended, running.suspendedMs], ["running", null, 0])
  const suspended = { since: 12, code: "owner_here", text: "somebody is at it" }
  jobs.attempts.update({ ...running, suspended, suspendedMs: 13 })
  const [after] = jobs.get(1 as JobId)?.attempts ?? []
  assert.deepEqual([after?.suspended, after?.suspendedMs], [suspended, 13])
})

test("what fleets say, and how jobs stepped aside, is kept", () => {
  using database = new Database(":memory:")
  migrate(database)
  const policies = new FleetPolicyStore(database)
  assert.equal(policies.all().size, 0)
  policies.put("lab", { preset: "condor", rules: {} })
  policies.put("lab", { preset: "default", rules: { who: "ada" } })
  assert.deepEqual([...policies.all()], [["lab", { preset: "default", rules: { who: "ada" } }]])
  const asides = new StepAsideStore(database)
  const [host, attempt] = ["h1" as HostId, "a1" as AttemptId]
  const one = { host, attempt, at: 5, endedAt: null, reactionMs: 300, vacated: false }
  asides.put(one)
  asides.put({ ...one, reactionMs: 999 })
  const unmeasured = { ...one, at: 4, reactionMs: null }
  asides.put(unmeasured)
  assert.deepEqual(asides.of(host, 4), [unmeasured, one])
  asides.trim(5)
  assert.deepEqual(asides.of(host, 4), [one])
  asides.end(attempt, 8, true)
  asides.end(attempt, 9, false)
  assert.deepEqual(asides.of(host, 0), [{ ...one, endedAt: 8, vacated: true }])
  assert.deepEqual(asides.of(host, 6), [])
  asides.trim(6)
  assert.deepEqual(asides.of(host, 0), [])
})
