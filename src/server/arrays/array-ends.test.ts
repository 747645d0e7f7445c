import assert from "node:assert/strict"
import { test } from "node:test"
import { MovedClock } from "../../../test/support/moved-clock.ts"
import { exitsAtOnce, runsOn } from "../../../test/support/simulated-host.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import type { JobList } from "../../protocol/api.ts"
import type { JobId } from "../../protocol/ids.ts"
import type { JobSpec, JobView } from "../../protocol/job.ts"
import { NO_QUEUE_REQUEST } from "../../protocol/queue-request.ts"

/** Of the CPU alone, so that several run at once. */
const SMALL = { resources: { memoryBytes: null, gpus: 0, cores: 1 } }
const array = (tasks: string, more: Partial<JobSpec> = {}) => ({ ...SMALL, array: tasks, ...more })
const after = (words: string) => ({ queue: { ...NO_QUEUE_REQUEST, after: words } })

const post = (server: TestServer, target: string, verb: string, body: unknown = {}) =>
  server.call<JobView>("POST", `/v1/jobs/${encodeURIComponent(target)}/${verb}`, body)
const task = (server: TestServer, target: string) => server.call<JobView>("GET", `/v1/jobs/${target}`)
const tasksOf = async (server: TestServer, id: number) =>
  (await server.call<JobList>("GET", `/v1/jobs?array=${id}`)).jobs

test("an array that cannot run any more ends whole, and its name is free then", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.script = exitsAtOnce(1)
  const failed = await server.submit(SMALL)
  await server.untilEnded(failed.id)
  const never = await server.submit(array("1-100000", { name: "sweep", ...after(`afterok:${failed.id}`) }))
  const ended = await server.untilEnded(never.id)
  assert.deepEqual(
    [ended.state, ended.cause, ended.array?.counts.failed, ended.array?.failures.length],
    ["failed", "dependency_failed", 100_000, 10],
  )
  assert.equal((await tasksOf(server, never.id)).length, 0)
  const lost = await task(server, `${never.id}_777`)
  const why = `what it depends on cannot come about any more: job ${failed.id}`
  assert.deepEqual([lost.state, lost.cause, lost.reason], ["failed", "dependency_failed", why])
  assert.equal(ended.reason, "0 of 100000 tasks succeeded, 100000 failed")
  host.script = runsOn
  const again = await server.submit(array("1-3%1", { name: "sweep" }))
  await server.until(again.id, (job) => job.array?.counts.running === 1)
  await assert.rejects(server.submit({ name: "sweep" }), { code: "name_taken" })
  const [named] = (await server.call<JobList>("GET", "/v1/jobs?name=sweep")).jobs
  assert.equal(named?.id, again.id)
  const next = await server.submit(array("1-2", { name: "sweep", ...after("singleton") }))
  assert.equal((await server.job(next.id)).state, "held")
  await post(server, `${again.id}`, "stop", { now: true })
  assert.equal((await server.untilEnded(again.id)).state, "cancelled")
  await server.until(next.id, (job) => job.array?.counts.running === 2)
  await post(server, `${next.id}`, "stop", { now: true })
  await server.untilEnded(next.id)
  assert.equal((await server.submit({ name: "sweep" })).spec.name, "sweep")
})

test("what has not begun by the deadline ends with it, and what runs goes on", async () => {
  const clock = new MovedClock()
  await using server = await TestServer.start({ clock })
  const host = await server.hosts.join("alpha")
  host.script = runsOn
  const queue = { ...NO_QUEUE_REQUEST, deadlineAt: clock.now() + 100_000 }
  const { id } = await server.submit(array("1-4%1", { timeLimitMs: 60_000, queue }))
  await server.untilState((id + 1) as JobId, "running")
  clock.advance(50_000)
  const late = await server.until(id, (job) => job.array?.counts.timed_out === 3)
  assert.deepEqual([late.state, late.array?.counts.running], ["running", 1])
  for (const attempt of [...host.attempts.values()]) host.finish(attempt, { exitCode: 0 })
  const ended = await server.untilEnded(id)
  assert.deepEqual([ended.state, ended.cause, ended.array?.counts.succeeded], ["timed_out", "deadline", 1])
})
