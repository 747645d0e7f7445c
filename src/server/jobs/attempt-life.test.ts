import assert from "node:assert/strict"
import { statSync } from "node:fs"
import { test } from "node:test"
import { exitsAtOnce, runsOn, type SimulatedHost } from "../../../test/support/simulated-host.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import type { DoctorReport } from "../../protocol/api.ts"
import type { JobId } from "../../protocol/ids.ts"
import { makeId } from "../../protocol/ids.ts"
import type { JobSpec, JobView } from "../../protocol/job.ts"

const PATIENT: JobSpec["retry"] = { limit: 1, afterSilenceMs: null, once: false }

async function runningJob(server: TestServer, host: SimulatedHost, change: Partial<JobSpec> = {}): Promise<JobView> {
  host.script = runsOn
  const { id } = await server.submit(change)
  return server.untilState(id, "running")
}

function attemptOf(host: SimulatedHost, job: JobId) {
  return [...host.attempts.values()].find(({ order }) => order.job === job)!
}

function reconnected(server: TestServer, id: JobId): Promise<JobView> {
  return server.until(id, ({ attempts }) => attempts.at(-1)?.outOfContactSince === null)
}

test("an order that was lost with the link is given again, and the job runs once", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.script = (there) => there.cut()
  const { id } = await server.submit()
  await server.until(id, ({ attempts }) => attempts[0]?.outOfContactSince != null)
  host.script = exitsAtOnce()
  host.attempts.clear()
  host.connect()
  assert.equal((await server.untilEnded(id)).state, "succeeded")
  assert.equal((await server.job(id)).attempts.length, 1)
  assert.equal(host.begun.get(id), 1)
})

test("a folder that never ran is started again under the same number", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.script = (there) => there.cut()
  const { id } = await server.submit()
  await server.until(id, ({ attempts }) => attempts[0]?.outOfContactSince != null)
  assert.equal(attemptOf(host, id).phase, "preparing")
  host.script = exitsAtOnce()
  host.connect()
  assert.equal((await server.untilEnded(id)).attempts.length, 1)
  assert.equal(host.begun.get(id), 1)
})

test("a link that breaks right after hello told of the end leaves nothing that is never told", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  const { id } = await runningJob(server, host)
  const attempt = attemptOf(host, id)
  host.cut()
  host.print(attempt, "stdout", "bye\n")
  host.finish(attempt)
  const { hear } = host
  host.hear = (channel, message) => (message.type === "adopt" ? host.cut() : hear.call(host, channel, message))
  host.connect()
  await server.until(id, ({ state, attempts }) => state === "finishing" && attempts[0]?.outOfContactSince !== null)
  host.hear = hear
  host.connect()
  const job = await server.untilEnded(id)
  assert.deepEqual([job.state, job.attempts[0]?.stdoutBytes], ["succeeded", 4])
})

test("a host that has lost the record of what ran there starts nothing again", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  const { id } = await runningJob(server, host)
  host.cut()
  attemptOf(host, id).phase = "preparing"
  host.connect()
  const job = await server.untilEnded(id)
  assert.deepEqual([job.state, job.cause, host.begun.get(id)], ["failed", "supervisor_lost", 1])
})

test("an order whose number is past gets another attempt, since it never ran", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.script = (there) => there.cut()
  const { id } = await server.submit({ retry: { limit: 0, afterSilenceMs: null, once: true } })
  await server.until(id, ({ attempts }) => attempts[0]?.outOfContactSince != null)
  host.attempts.clear()
  host.highWater = 1
  host.script = exitsAtOnce()
  host.connect()
  const job = await server.untilEnded(id)
  assert.equal(job.state, "succeeded")
  assert.equal(job.attempts.length, 2)
  assert.equal(job.attempts[0]!.cause, "start_failed")
  assert.equal(host.begun.get(id), 1)
})

test("an attempt that is gone from its host is tried again when the policy says so, and ends the job otherwise", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  const kept = await runningJob(server, host, { retry: PATIENT })
  const single = await runningJob(server, host)
  const once = await server.submit({ retry: { ...PATIENT, once: true } })
  host.cut()
  host.attempts.clear()
  host.script = exitsAtOnce()
  host.connect()
  const again = await server.untilEnded(kept.id)
  assert.equal(again.state, "succeeded")
  assert.deepEqual(
    again.attempts.map(({ cause }) => cause),
    ["supervisor_lost", "exited"],
  )
  const ended = await server.untilEnded(single.id)
  assert.deepEqual([ended.state, ended.cause], ["failed", "supervisor_lost"])
  assert.equal((await server.untilEnded(once.id)).state, "succeeded")
})

test("a restart of the host is told apart from a lost supervisor", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  const { id } = await runningJob(server, host)
  host.cut()
  host.attempts.clear()
  host.facts = { ...host.facts, bootId: "boot-2" }
  host.connect()
  assert.equal((await server.untilEnded(id)).cause, "host_restarted")
})

test("once an exit is recorded the verdict stands, and only the outputs are lost with the host", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  const { id } = await runningJob(server, host, { retry: PATIENT })
  const attempt = attemptOf(host, id)
  const exit = { cause: "exited", exitCode: 4, signal: null, startedAt: 1, endedAt: 2 } as const
  const whole = { ...exit, peakMemoryBytes: null, message: null }
  const { attempt: name, sequence } = attempt.order
  host.tell({ type: "exited", attempt: name, sequence, exit: whole, stdoutBytes: 10, stderrBytes: 0 })
  await server.untilState(id, "finishing")
  host.cut()
  host.attempts.clear()
  host.connect()
  const job = await server.untilEnded(id)
  assert.deepEqual([job.state, job.exitCode, job.outputs?.state], ["failed", 4, "lost"])
  const log = await server.request("GET", `/v1/jobs/${id}/logs?stream=stdout&follow=true`)
  assert.equal(await log.text(), "")
})

test("the host forgets an attempt only after its end and its output are durable here", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  const { id } = await runningJob(server, host)
  const attempt = attemptOf(host, id)
  host.print(attempt, "stderr", "x".repeat(100_000))
  host.finish(attempt, { exitCode: 0 })
  await server.untilEnded(id)
  const { core } = server.running
  const log = server.folder.at("data", "logs", "0", `${id}.1`, "stderr")
  while (!host.said.some(({ type }) => type === "forget")) await core.ledger.change(() => {})
  assert.equal(core.store.jobs.get(id)?.attempts[0]?.logComplete, true)
  assert.equal(statSync(log).size, 100_000)
})

test("a stop asked for while the host is away is told when it is back", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  const { id } = await runningJob(server, host)
  host.cut()
  await server.call("POST", `/v1/jobs/${id}/stop`, { now: false })
  await server.stop()
  server.hosts.autoConnect = false
  await server.start()
  host.connect()
  const job = await server.untilEnded(id)
  assert.deepEqual([job.state, job.cause], ["cancelled", "cancelled"])
  assert.equal(job.attempts[0]!.signal, 15)
})

test("a stop with now on a silent host ends the job; the host is told to end what it still runs", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  const { id } = await runningJob(server, host)
  host.cut()
  await server.until(id, ({ attempts }) => attempts[0]!.outOfContactSince !== null)
  const job = await server.call<JobView>("POST", `/v1/jobs/${id}/stop`, { now: true })
  assert.equal(job.state, "cancelled")
  host.connect()
  await server.running.core.ledger.change(() => {})
  assert.deepEqual(host.said.filter(({ type }) => type === "stop").length, 1)
  assert.equal((await server.job(id)).state, "cancelled")
})

test("stopping a waiting job ends it at once, and a second stop is refused", async () => {
  await using server = await TestServer.start()
  const { id } = await server.submit()
  assert.equal((await server.call<JobView>("POST", `/v1/jobs/${id}/stop`, { now: false })).state, "cancelled")
  await assert.rejects(server.call("POST", `/v1/jobs/${id}/stop`, { now: false }), { code: "wrong_state" })
})

test("a database restored from an older copy leaves unknown attempts alone and never uses their numbers again", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.cut()
  const attempt = makeId<never>("a", new Uint8Array(16).fill(9))
  const order = { attempt, job: 900, sequence: 41 } as never
  const text = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }
  host.attempts.set(attempt, { order, phase: "running", exit: null, swept: false, outputs: null, text })
  host.highWater = 17
  host.connect()
  const { id } = await server.submit()
  const job = await server.untilEnded(id)
  assert.equal(job.state, "succeeded")
  assert.deepEqual(
    host.said.find(({ type }) => type === "disown"),
    { type: "disown", attempt, sequence: 41 },
  )
  assert.equal(server.running.core.fleet.get(host.id)!.record.nextSequence, 43)
  const { findings } = await server.call<DoctorReport>("GET", "/v1/doctor")
  const found = findings.find(({ code }) => code === "unknown_attempts")
  assert.match(
    found?.text ?? "",
    /^it holds 1 attempt .*; it is left alone\. In \S+\/servers\/s\w+\/attempts there: 41 \(job 900, /,
  )
  assert.match(found?.fix ?? "", /windfall host drain alpha$/)
})

test("what cannot be started is tried again as far as the policy allows", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.script = (there, attempt) => there.refuse(attempt, "environment_failed")
  const { id } = await server.submit()
  const job = await server.untilEnded(id)
  assert.deepEqual([job.state, job.cause, job.outputs?.state], ["failed", "environment_failed", "none"])
  assert.equal(job.reason, "it could not be started")
})

test("removing a host that is away ends or requeues what it held", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  const kept = await runningJob(server, host, { retry: PATIENT })
  host.cut()
  await server.until(kept.id, ({ attempts }) => attempts[0]!.outOfContactSince !== null)
  await server.call("DELETE", "/v1/hosts/alpha")
  const waiting = await server.untilState(kept.id, "queued")
  assert.equal(waiting.attempts[0]!.cause, "link_lost")
  const other = await server.hosts.join("beta")
  other.script = exitsAtOnce()
  assert.equal((await server.untilEnded(kept.id)).state, "succeeded")
  assert.ok(await reconnected(server, kept.id))
})

test("a host that refuses or forgets what it said it runs holds up neither the job nor the next one", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  for (const news of [{ type: "refused", cause: "gone", message: "gone" }, { type: "forgotten" }] as const) {
    const { id } = await runningJob(server, host, { retry: { ...PATIENT, limit: 0 } })
    const { attempt, sequence } = attemptOf(host, id).order
    host.tell({ ...news, attempt, sequence })
    const job = await server.untilEnded(id)
    assert.deepEqual([job.state, job.cause], ["failed", "supervisor_lost"])
  }
  host.script = (there, attempt) => {
    const { attempt: id, sequence } = attempt.order
    there.begin(attempt)
    const exit = { cause: "exited", exitCode: 3, signal: null, startedAt: 1, endedAt: 2 } as const
    const whole = { ...exit, peakMemoryBytes: null, message: null }
    there.tell({ type: "exited", attempt: id, sequence, exit: whole, stdoutBytes: 0, stderrBytes: 0 })
    there.tell({ type: "refused", attempt: id, sequence, cause: "start_failed", message: "never mind" })
  }
  const job = await server.untilEnded((await server.submit()).id)
  assert.deepEqual([job.state, job.exitCode, job.outputs?.state], ["failed", 3, "lost"])
})

test("a clock that is set back makes nothing end before it began", async () => {
  let now = Date.now()
  const clock = { now: () => now, monotonicMs: () => performance.now(), sleep: () => new Promise<void>(() => {}) }
  await using server = await TestServer.start({ clock })
  const host = await server.hosts.join("alpha")
  const { id } = await runningJob(server, host)
  now -= 86_400_000
  host.finish(attemptOf(host, id), { exitCode: 0 })
  const job = await server.untilEnded(id)
  assert.equal(job.endedAt, job.startedAt)
  assert.equal(job.attempts[0]?.endedAt, job.startedAt)
})
