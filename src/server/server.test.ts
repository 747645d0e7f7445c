import assert from "node:assert/strict"
import { test } from "node:test"
import { exitsAtOnce, runsOn } from "../../test/support/simulated-host.ts"
import { TestServer } from "../../test/support/test-server.ts"

test("a job is sent, runs, and ends with its exit code and output", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.script = exitsAtOnce(3, "hello\n")
  const { id } = await server.submit()
  const job = await server.untilEnded(id)
  assert.equal(job.state, "failed")
  assert.equal(job.exitCode, 3)
  assert.equal(job.cause, "exited")
  assert.equal(job.attempts[0]?.hostName, "alpha")
  const log = await server.request("GET", `/v1/jobs/${id}/logs?stream=stdout&follow=true`)
  assert.equal(await log.text(), "hello\n")
  assert.deepEqual(server.troubles, [])
})

test("jobs wait in order for a free host, and say their place", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha", { cores: 1 })
  host.script = runsOn
  const first = await server.submit()
  await server.untilState(first.id, "running")
  const second = await server.submit()
  const third = await server.submit()
  assert.equal((await server.job(second.id)).place, 1)
  assert.equal((await server.job(third.id)).place, 2)
  host.script = exitsAtOnce()
  await server.call("POST", `/v1/jobs/${first.id}/stop`, { now: false })
  assert.equal((await server.untilEnded(first.id)).state, "cancelled")
  assert.equal((await server.untilEnded(second.id)).state, "succeeded")
  assert.equal((await server.untilEnded(third.id)).state, "succeeded")
})

test("a restarted server takes up running jobs where they were", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.script = runsOn
  const { id } = await server.submit()
  await server.untilState(id, "running")
  const attempt = [...host.attempts.values()][0]!
  host.print(attempt, "stdout", "before\n")
  await server.stop()
  attempt.text.stdout = Buffer.concat([attempt.text.stdout, Buffer.from("meanwhile\n")])
  server.hosts.autoConnect = false
  await server.start()
  const away = await server.until(id, ({ attempts }) => attempts[0]!.outOfContactSince !== null)
  assert.equal(away.state, "running")
  server.hosts.all.get(host.id)!.connect()
  await server.until(id, ({ attempts }) => attempts[0]!.outOfContactSince === null)
  host.print(attempt, "stdout", "after\n")
  host.finish(attempt, { exitCode: 0 })
  assert.equal((await server.untilEnded(id)).state, "succeeded")
  const log = await server.request("GET", `/v1/jobs/${id}/logs?stream=stdout&follow=true`)
  assert.equal(await log.text(), "before\nmeanwhile\nafter\n")
  assert.equal(host.begun.get(id), 1)
})
