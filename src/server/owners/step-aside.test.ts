import assert from "node:assert/strict"
import { test } from "node:test"
import { eventually } from "../../../test/support/agent-home.ts"
import { runsOn, type SimulatedHost } from "../../../test/support/simulated-host.ts"
import { attemptOf, explain, HERE, resume, seesPeople, suspend, vacate } from "../../../test/support/simulated-owner.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import type { WhyAnswer } from "../../protocol/api.ts"
import type { WindfallEvent } from "../../protocol/events.ts"
import type { HostView } from "../../protocol/host.ts"
import type { JobId } from "../../protocol/ids.ts"
import type { JobSpec, JobView } from "../../protocol/job.ts"

const GIB = 1024 ** 3

async function running(server: TestServer, host: SimulatedHost, change: Partial<JobSpec> = {}): Promise<JobView> {
  host.script = runsOn
  const { id } = await server.submit(change)
  return server.untilState(id, "running")
}

async function eventsOf(server: TestServer, id: JobId): Promise<WindfallEvent[]> {
  return (await server.call<{ events: WindfallEvent[] }>("GET", `/v1/events?job=${id}`)).events
}

const hostView = (server: TestServer, name: string) => server.call<HostView>("GET", `/v1/hosts/${name}`)

test("a job is suspended for the sake of who came, keeps its memory, frees the rest, and goes on", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha", { gpus: 1 })
  const { id } = await running(server, host, { timeLimitMs: 3_600_000 })
  const used = await hostView(server, "alpha")
  suspend(host, id)
  const stopped = await server.untilState(id, "suspended")
  assert.equal(stopped.reason, "suspended: somebody is at it")
  const { suspended, state, suspendedMs } = stopped.attempts[0]!
  assert.deepEqual([suspended?.code, suspended?.text, state, suspendedMs], [HERE.code, "somebody is at it", state, 0])
  assert.ok((suspended?.since ?? 0) >= (stopped.startedAt ?? Number.POSITIVE_INFINITY))
  const { free, total } = await hostView(server, "alpha")
  assert.deepEqual([free.gpus, free.cores, free.memoryBytes], [total.gpus, total.cores, used.free.memoryBytes])
  // A repeat changes nothing.
  suspend(host, id)
  resume(host, id, 90_000)
  const goesOn = await server.untilState(id, "running")
  assert.deepEqual([goesOn.attempts[0]?.suspended, goesOn.attempts[0]?.suspendedMs], [null, 90_000])
  host.finish(attemptOf(host, id))
  assert.equal((await server.untilEnded(id)).state, "succeeded")
  const types = (await eventsOf(server, id)).map(({ type }) => type)
  assert.equal(types.filter((type) => type === "attempt_suspended").length, 1)
  assert.equal(types.filter((type) => type === "attempt_continued").length, 1)
})

test("the GPU that a suspended job does not use is nobody else's: it goes on first", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha", { gpus: 1 })
  const { id } = await running(server, host)
  suspend(host, id)
  await server.untilState(id, "suspended")
  const other = await server.submit()
  const why = await server.call<WhyAnswer>("GET", `/v1/jobs/${other.id}/why`)
  assert.equal(why.code, "gpu_leased")
  host.finish(attemptOf(host, id))
  await server.untilState(other.id, "running")
})

test("a job that has to leave waits again in its place, whatever its retries, and runs elsewhere", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha", { memoryBytes: 8 * GIB })
  const { id } = await running(server, host)
  const later = await server.submit({ resources: { memoryBytes: GIB, cores: 2, gpus: 0 } })
  for (const time of [1, 2]) {
    seesPeople(host, "here")
    suspend(host, id)
    await server.untilState(id, "suspended")
    vacate(host, id, { code: "suspended_too_long", text: "it was suspended for longer than 5m 00s" }, 400)
    const back = await server.untilState(id, "queued")
    assert.deepEqual([back.cause, back.place, back.attempts.length], ["owner_returned", 1, time])
    assert.match(back.reason ?? "", new RegExp(`^attempt ${time} left alpha because of people there`))
    const why = await server.call<WhyAnswer>("GET", `/v1/jobs/${id}/why`)
    assert.deepEqual([why.code, why.hosts[0]?.text], ["owner_here", "somebody is at it"])
    assert.equal((await server.job(later.id)).place, 2)
    if (time === 1) seesPeople(host, "away")
    if (time === 1) await server.untilState(id, "running")
  }
  await server.hosts.join("beta")
  const again = await server.untilEnded(id)
  assert.deepEqual(
    again.attempts.map(({ hostName, cause }) => [hostName, cause]),
    [
      ["alpha", "owner_returned"],
      ["alpha", "owner_returned"],
      ["beta", "exited"],
    ],
  )
  assert.equal((await eventsOf(server, id)).filter(({ type }) => type === "attempt_vacating").length, 2)
})

test("a job that its host did not begin, as its owner needs the memory, says that", async () => {
  await using server = await TestServer.start()
  await server.userToken("mia")
  const host = await server.hosts.join("alpha", {}, { owner: "mia" })
  host.script = (there, attempt) => {
    seesPeople(there, "here")
    there.refuse(attempt, "owner_returned", "5 GB of its memory are available now, 16 GB are kept for its owner")
  }
  const { id } = await server.submit()
  await eventually(async () => (await server.job(id)).attempts[0]?.state === "ended", "the attempt's end")
  assert.equal(
    (await server.job(id)).reason,
    "attempt 1 did not begin on alpha because of its owner (5 GB of its memory are available now, 16 GB are kept for its owner)",
  )
})

test("what is stopped can be told to end, and its end is its end", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  const { id } = await running(server, host)
  suspend(host, id)
  await server.untilState(id, "suspended")
  await server.call("POST", `/v1/jobs/${id}/stop`, { now: false })
  const job = await server.untilEnded(id)
  assert.deepEqual([job.state, job.attempts[0]?.suspended], ["cancelled", null])
})

test("a job is what its host says at the next contact: stopped, going on, or stopped since before", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  const { id } = await running(server, host)
  host.cut()
  attemptOf(host, id).suspended = { suspendedAt: Date.now() - 3_600_000, suspendedMs: 7 }
  host.connect()
  const stopped = await server.untilState(id, "suspended")
  const [attempt] = stopped.attempts
  assert.equal(attempt?.suspended?.since, attempt?.startedAt, "nothing is stopped before it began")
  assert.equal(attempt?.suspendedMs, 7)
  await server.stop()
  await server.start()
  assert.equal((await server.untilState(id, "suspended")).attempts[0]?.suspendedMs, 7)
  host.cut()
  attemptOf(host, id).suspended = { suspendedMs: 5_000 }
  host.connect()
  assert.equal((await server.untilState(id, "running")).attempts[0]?.suspendedMs, 5_000)
})

test("how long it took to stop a job is told only where its host measured it", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  const { id } = await running(server, host)
  const told = async () => {
    const all = await eventsOf(server, id)
    return all.flatMap((event) => (event.type === "attempt_suspended" ? [event.reactionMs] : []))
  }
  for (const reactionMs of [undefined, 240]) {
    host.cut()
    attemptOf(host, id).suspended = { suspendedAt: Date.now(), ...(reactionMs === undefined ? {} : { reactionMs }) }
    host.connect()
    await server.untilState(id, "suspended")
    resume(host, id, 1_000)
    await server.untilState(id, "running")
  }
  assert.deepEqual(await told(), [null, 240])
})

test("a job that did not live to go on is tried again once, and then fails as it failed", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha", { gpus: 1 })
  const { id } = await running(server, host)
  for (const time of [1, 2]) {
    suspend(host, id)
    await server.untilState(id, "suspended")
    resume(host, id, 10)
    await server.until(id, ({ state, attempts }) => state === "running" && attempts[time - 1]?.suspendedMs === 10)
    host.finish(attemptOf(host, id), { cause: "resume_failed", exitCode: 3 })
    if (time === 1) await server.until(id, ({ state, attempts }) => state === "running" && attempts.length === 2)
  }
  const job = await server.untilEnded(id)
  assert.deepEqual([job.state, job.cause, job.exitCode, job.attempts.length], ["failed", "exited", 3, 2])
})

test("why a job is stopped is what keeps it so now, also for a server started anew, and the stop is counted once", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  const { id } = await running(server, host)
  suspend(host, id)
  const first = await server.untilState(id, "suspended")
  explain(host, id, { code: "paused", text: "paused by ada until 18:00" })
  const later = await server.until(id, ({ reason }) => reason === "suspended: paused until 18:00")
  assert.deepEqual(later.attempts[0]?.suspended, {
    since: first.attempts[0]?.suspended?.since,
    code: "paused",
    text: "paused until 18:00",
  })
  assert.equal((await server.call<WhyAnswer>("GET", `/v1/jobs/${id}/why`)).summary.includes("paused until 18:00"), true)
  const types = (await eventsOf(server, id)).map(({ type }) => type)
  assert.equal(types.filter((type) => type === "attempt_suspended").length, 1)
  await server.stop()
  await server.start()
  assert.equal((await server.call<JobView>("GET", `/v1/jobs/${id}`)).reason, "suspended: paused until 18:00")
})
