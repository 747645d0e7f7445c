import assert from "node:assert/strict"
import { test } from "node:test"
import { MovedClock } from "../../../test/support/moved-clock.ts"
import { exitsAtOnce, runsOn } from "../../../test/support/simulated-host.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import { SILENCE_MARGIN_MS } from "../limits.ts"

const HOUR_MS = 3_600_000

test("a job on a silent host waits for ever when nothing else was said", async () => {
  const clock = new MovedClock()
  await using server = await TestServer.start({ clock })
  const host = await server.hosts.join("alpha")
  await server.hosts.join("beta")
  host.script = runsOn
  const { id } = await server.submit({ host: "alpha", retry: { limit: 5, afterSilenceMs: null, once: false } })
  await server.untilState(id, "running")
  host.cut()
  await server.until(id, ({ attempts }) => attempts[0]!.outOfContactSince !== null)
  clock.advance(1000 * HOUR_MS)
  await server.running.core.ledger.change(() => {})
  assert.equal((await server.job(id)).state, "running")
})

test("after the silence the sender named, and a minute more, the job runs elsewhere; the late one is fenced", async () => {
  const clock = new MovedClock()
  await using server = await TestServer.start({ clock })
  const late = await server.hosts.join("alpha")
  late.script = runsOn
  const { id } = await server.submit({ retry: { limit: 1, afterSilenceMs: HOUR_MS, once: false } })
  await server.untilState(id, "running")
  const start = late.said.find((message) => message.type === "start")
  assert.equal(start?.order.silenceLimitMs, HOUR_MS)
  late.cut()
  await server.until(id, ({ attempts }) => attempts[0]!.outOfContactSince !== null)
  clock.advance(HOUR_MS + SILENCE_MARGIN_MS - 1)
  await server.running.core.ledger.change(() => {})
  assert.equal((await server.job(id)).state, "running")
  const other = await server.hosts.join("beta")
  other.script = runsOn
  clock.advance(1)
  const again = await server.until(id, ({ attempts, state }) => attempts.length === 2 && state === "running")
  assert.equal(again.attempts[0]!.cause, "link_lost")
  assert.equal(again.attempts[1]!.hostName, "beta")
  // The Mac wakes: what it still ran is ended, and its result does not count.
  late.connect()
  const stop = late.said.find((message) => message.type === "stop")
  await server.running.core.ledger.change(() => {})
  assert.equal(late.said.find((message) => message.type === "stop")?.cause ?? stop?.cause, "link_lost")
  assert.equal((await server.job(id)).state, "running")
  const second = [...other.attempts.values()][0]!
  other.finish(second, { exitCode: 0 })
  const job = await server.untilEnded(id)
  assert.deepEqual([job.state, job.attempts.length], ["succeeded", 2])
  assert.equal(job.attempts[0]!.cause, "link_lost")
})

test("a job that may run once is never given up, however long the silence", async () => {
  const clock = new MovedClock()
  await using server = await TestServer.start({ clock })
  const host = await server.hosts.join("alpha")
  host.script = runsOn
  const { id } = await server.submit({ retry: { limit: 3, afterSilenceMs: HOUR_MS, once: true } })
  await server.untilState(id, "running")
  host.cut()
  await server.until(id, ({ attempts }) => attempts[0]!.outOfContactSince !== null)
  clock.advance(10 * HOUR_MS)
  await server.running.core.ledger.change(() => {})
  assert.equal((await server.job(id)).state, "running")
})

test("a job that needs the local network ends a minute after its link and is sent again, whatever its retry policy", async () => {
  const clock = new MovedClock()
  await using server = await TestServer.start({ clock })
  const host = await server.hosts.join("alpha")
  host.script = runsOn
  const retry = { limit: 0, afterSilenceMs: null, once: false }
  const { id } = await server.submit({ needsLan: true, retry })
  await server.untilState(id, "running")
  assert.equal(host.said.find((message) => message.type === "start")?.order.silenceLimitMs, 60_000)
  host.cut()
  await server.until(id, ({ attempts }) => attempts[0]!.outOfContactSince !== null)
  const other = await server.hosts.join("beta")
  other.script = exitsAtOnce()
  clock.advance(60_000 + SILENCE_MARGIN_MS)
  const job = await server.untilEnded(id)
  assert.deepEqual([job.state, job.attempts[0]!.cause, job.attempts[1]!.hostName], ["succeeded", "link_lost", "beta"])
})

test("a job that could not start waits a little before it is tried again", async () => {
  const clock = new MovedClock()
  await using server = await TestServer.start({ clock })
  const host = await server.hosts.join("alpha")
  host.script = (there, attempt) => there.refuse(attempt, "start_failed")
  const { id } = await server.submit({ retry: { limit: 3, afterSilenceMs: null, once: false } })
  await server.until(id, ({ state, attempts }) => state === "queued" && attempts.length === 1)
  host.script = exitsAtOnce()
  clock.advance(1000)
  assert.equal((await server.untilEnded(id)).state, "succeeded")
})

test("a wall clock that is set on ends no attempt before its agent has: silence is counted on a clock that only grows", async () => {
  const clock = new MovedClock()
  await using server = await TestServer.start({ clock })
  const late = await server.hosts.join("alpha")
  late.script = runsOn
  const { id } = await server.submit({ retry: { limit: 1, afterSilenceMs: HOUR_MS, once: false } })
  await server.untilState(id, "running")
  const other = await server.hosts.join("beta")
  other.script = runsOn
  late.cut()
  await server.until(id, ({ attempts }) => attempts[0]!.outOfContactSince !== null)
  clock.setOn(48 * HOUR_MS)
  clock.advance(HOUR_MS + SILENCE_MARGIN_MS - 1)
  await server.running.core.ledger.change(() => {})
  assert.equal((await server.job(id)).attempts.length, 1)
  clock.advance(1)
  const again = await server.until(id, ({ attempts, state }) => attempts.length === 2 && state === "running")
  assert.equal(again.attempts[0]!.cause, "link_lost")
})
