import assert from "node:assert/strict"
import { test } from "node:test"
import { runsOn } from "../../../test/support/simulated-host.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import type { WhyAnswer } from "../../protocol/api.ts"
import type { JobView } from "../../protocol/job.ts"
import { NO_QUEUE_REQUEST, type QueueRequest } from "../../protocol/queue-request.ts"

/** Jobs of the CPU alone, so that several run at once. */
const SMALL = { resources: { memoryBytes: null, gpus: 0, cores: 1 } }
const asking = (change: Partial<QueueRequest>) => ({ ...SMALL, queue: { ...NO_QUEUE_REQUEST, ...change } })

function post(server: TestServer, job: JobView, verb: string, body: unknown = {}, token = server.adminToken) {
  return server.call<JobView>("POST", `/v1/jobs/${job.id}/${verb}`, body, { token })
}

test("a held job starts once it is released, also after a restart of the server", async () => {
  await using server = await TestServer.start()
  await server.hosts.join("alpha")
  const job = await server.submit(asking({ hold: true }))
  assert.deepEqual([job.state, job.reason, job.place], ["held", "held by its user", null])
  await server.stop()
  await server.start()
  assert.equal((await server.job(job.id)).state, "held")
  await post(server, job, "release")
  assert.equal((await server.untilEnded(job.id)).state, "succeeded")
})

test("an administrator's hold is not its user's to release", async () => {
  await using server = await TestServer.start()
  const ann = await server.userToken("ann")
  const job = await server.submit({}, { token: ann })
  assert.equal((await post(server, job, "hold")).standing?.hold, "admin")
  await assert.rejects(post(server, job, "release", {}, ann), { code: "not_allowed" })
  assert.equal((await post(server, job, "release")).state, "queued")
})

test("a dependency is waited for, and one that cannot come about ends the job and those behind it", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.script = runsOn
  const first = await server.submit(SMALL)
  const good = await server.submit(asking({ after: `afterok:${first.id}` }))
  const bad = await server.submit(asking({ after: `afternotok:${first.id}` }))
  const behind = await server.submit(asking({ after: `afterok:${bad.id}` }))
  const last = await server.submit(asking({ after: `afterany:${behind.id}` }))
  assert.deepEqual([good.state, good.reason], ["held", `waits for job ${first.id}`])
  await server.untilState(first.id, "running")
  for (const attempt of host.attempts.values()) host.finish(attempt, { exitCode: 0 })
  await server.untilState(good.id, "running")
  const ended = await Promise.all([bad, behind].map(({ id }) => server.untilEnded(id)))
  assert.deepEqual(
    ended.map(({ state, cause, attempts }) => [state, cause, attempts.length]),
    [
      ["failed", "dependency_failed", 0],
      ["failed", "dependency_failed", 0],
    ],
  )
  await server.untilState(last.id, "running")
})

test("a singleton shares its name and waits for those before it", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.script = runsOn
  const first = await server.submit({ name: "train" })
  const second = await server.submit({ name: "train", ...asking({ after: "singleton" }) })
  await assert.rejects(server.submit({ name: "train" }), { code: "name_taken" })
  assert.equal(second.state, "held")
  await server.untilState(first.id, "running")
  for (const attempt of host.attempts.values()) host.finish(attempt)
  await server.untilState(second.id, "running")
})

test("what cannot be is refused before anything changes", async () => {
  await using server = await TestServer.start()
  const ann = { token: await server.userToken("ann") }
  const soon = Date.now() + 60_000
  await assert.rejects(server.submit(asking({ after: "afterok:1" })), { code: "job_not_found" })
  await assert.rejects(server.submit(asking({ after: "okay:1" })), { code: "invalid_input" })
  await assert.rejects(server.submit(asking({ account: "vision" })), { code: "invalid_input" })
  await assert.rejects(server.submit(asking({ qos: "urgent" })), { code: "invalid_input" })
  await assert.rejects(server.submit(asking({ partitions: ["big"] })), { code: "invalid_input" })
  await assert.rejects(server.submit(asking({ nice: -5 }), ann), { code: "not_allowed", message: /administrators/ })
  await assert.rejects(server.submit(asking({ deadlineAt: soon })), { code: "invalid_input" })
  const long = { timeLimitMs: 3_600_000, ...asking({ deadlineAt: soon }) }
  await assert.rejects(server.submit(long), { code: "invalid_input" })
  assert.equal((await server.submit()).id, 1)
})

test("users only give up priority; a job's time limit is theirs to shorten once it runs", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.script = runsOn
  const ann = await server.userToken("ann")
  const job = await server.submit({ timeLimitMs: 600_000 }, { token: ann })
  await server.untilState(job.id, "running")
  assert.equal((await post(server, job, "nice", { nice: 50 }, ann)).standing?.nice, 50)
  await assert.rejects(post(server, job, "nice", { nice: 10 }, ann), { code: "not_allowed" })
  await assert.rejects(post(server, job, "nice", { priority: 10 }, ann), { code: "not_allowed" })
  assert.equal((await post(server, job, "nice", { nice: -10, priority: 7 })).standing?.priority, 7)
  await assert.rejects(post(server, job, "time", { timeLimitMs: 900_000 }, ann), { code: "not_allowed" })
  assert.equal((await post(server, job, "time", { timeLimitMs: 300_000 }, ann)).standing?.timeLimitMs, 300_000)
  assert.equal((await post(server, job, "time", { timeLimitMs: null })).standing?.timeLimitMs, null)
  const limits = host.said.filter((message) => message.type === "limit")
  assert.deepEqual(
    limits.map(({ timeLimitMs }) => timeLimitMs),
    [300_000, null],
  )
  const text = await (await server.request("GET", "/v1/events")).text()
  assert.equal(text.split('"job_changed"').length - 1, 4)
})

test("a begin time keeps a job out of the queue, and a deadline that has passed ends it", async () => {
  await using server = await TestServer.start()
  const beginAt = Date.now() + 300
  const job = await server.submit(asking({ beginAt }))
  assert.equal(job.state, "held")
  const why = await server.call<WhyAnswer>("GET", `/v1/jobs/${job.id}/why`)
  assert.equal(why.code, "begin_time")
  const late = await server.submit({ timeLimitMs: 1, ...asking({ deadlineAt: Date.now() + 500 }) })
  assert.equal((await server.untilState(job.id, "queued")).state, "queued")
  const end = await server.untilEnded(late.id)
  assert.deepEqual([end.state, end.cause], ["timed_out", "deadline"])
})

test("a time limit that a waiting job's deadline has no room for is refused, and it waits on", async () => {
  await using server = await TestServer.start()
  const job = await server.submit({ timeLimitMs: 60_000, ...asking({ deadlineAt: Date.now() + 600_000 }) })
  await assert.rejects(post(server, job, "time", { timeLimitMs: 1_200_000 }), {
    code: "invalid_input",
    message: `Cannot change the time limit of job ${job.id} so: it could not end before its deadline`,
  })
  await assert.rejects(post(server, job, "time", { timeLimitMs: null }), { code: "invalid_input" })
  const after = await post(server, job, "time", { timeLimitMs: 120_000 })
  assert.deepEqual([after.state, after.standing?.timeLimitMs], ["queued", 120_000])
})

test("who may not change a time limit is told who may, a coordinator among them", async () => {
  await using server = await TestServer.start()
  const [bob, cem] = [await server.userToken("bob"), await server.userToken("cem")]
  const text = "accounts: { lab: { users: [ann], coordinators: [bob] }, default: {} }\ndefault-account: default\n"
  await server.call("POST", "/v1/policy", { text, dryRun: false })
  const job = await server.submit(asking({ account: "lab" }), { token: await server.userToken("ann") })
  const refused = { code: "not_allowed", hint: "Only its sender, coordinators of its account and administrators can" }
  await assert.rejects(post(server, job, "time", { timeLimitMs: 60_000 }, cem), refused)
  await assert.rejects(post(server, job, "hold", {}, bob), { hint: "Only its sender and administrators can" })
  assert.equal((await post(server, job, "time", { timeLimitMs: 60_000 }, bob)).standing?.timeLimitMs, 60_000)
})

test("the coordinator of the account that is its sender's own may change a job's time limit, and nobody else's", async () => {
  await using server = await TestServer.start()
  const [bob, cem] = [await server.userToken("bob"), await server.userToken("cem")]
  const text = `accounts: { lab: { coordinators: [bob] }, vision: { parent: lab, users: [ann] }, open: { coordinators: [cem] } }
default-account: open
`
  await server.call("POST", "/v1/policy", { text, dryRun: false })
  const job = await server.submit(SMALL, { token: await server.userToken("ann") })
  await assert.rejects(post(server, job, "time", { timeLimitMs: 60_000 }, cem), { code: "not_allowed" })
  assert.equal((await post(server, job, "time", { timeLimitMs: 60_000 }, bob)).standing?.timeLimitMs, 60_000)
  const strays = await server.submit(SMALL, { token: await server.userToken("dan") })
  assert.equal((await post(server, strays, "time", { timeLimitMs: 60_000 }, cem)).standing?.timeLimitMs, 60_000)
})
