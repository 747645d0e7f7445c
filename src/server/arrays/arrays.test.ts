import assert from "node:assert/strict"
import { test } from "node:test"
import { MessageReceiver } from "../../../test/support/message-receiver.ts"
import { exitsAtOnce, runsOn, type Script } from "../../../test/support/simulated-host.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import type { JobList, WhyAnswer } from "../../protocol/api.ts"
import { type JobId, makeId } from "../../protocol/ids.ts"
import type { JobSpec, JobView } from "../../protocol/job.ts"
import { queueNumber } from "../../protocol/job-array.ts"
import type { NotifyBody } from "../../protocol/notify-api.ts"
import type { QueueOrderView } from "../../protocol/queue-order.ts"
import { NO_QUEUE_REQUEST } from "../../protocol/queue-request.ts"

/** Of the CPU alone, so that several run at once. */
const SMALL = { resources: { memoryBytes: null, gpus: 0, cores: 1 } }
const array = (tasks: string, more: Partial<JobSpec> = {}) => ({ ...SMALL, array: tasks, ...more })
const after = (words: string) => ({ queue: { ...NO_QUEUE_REQUEST, after: words } })

/** Ends each task as its index says. */
const byIndex =
  (codes: Readonly<Record<number, number>>): Script =>
  (host, attempt) =>
    exitsAtOnce(codes[Number(attempt.order.env.WINDFALL_ARRAY_INDEX)] ?? 0)(host, attempt)

const post = (server: TestServer, target: string, verb: string, body: unknown = {}) =>
  server.call<JobView>("POST", `/v1/jobs/${encodeURIComponent(target)}/${verb}`, body)
const task = (server: TestServer, target: string) => server.call<JobView>("GET", `/v1/jobs/${target}`)
const tasksOf = async (server: TestServer, id: number) =>
  (await server.call<JobList>("GET", `/v1/jobs?array=${id}`)).jobs

test("each task finds its own index, and all of them make one end", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  const environments: Record<string, string>[] = []
  host.script = (on, attempt) => {
    environments.push({ ...attempt.order.env })
    byIndex({ 5: 7, 7: 3 })(on, attempt)
  }
  const { id, array: sent } = await server.submit(array("1-9:2%2", { name: "sweep" }))
  assert.deepEqual([sent?.count, sent?.step, sent?.atOnce, sent?.waiting], [5, 2, 2, "1-9:2"])
  const ended = await server.untilEnded(id)
  assert.deepEqual(
    [ended.state, ended.cause, ended.exitCode, ended.reason],
    ["failed", "exited", 7, "3 of 5 tasks succeeded, 2 failed"],
  )
  assert.deepEqual(
    ended.array?.failures.map(({ index, exitCode }) => [index, exitCode]),
    [
      [5, 7],
      [7, 3],
    ],
  )
  assert.deepEqual([...host.begun.values()], [1, 1, 1, 1, 1])
  assert.deepEqual(environments[0], {
    WINDFALL_ARRAY_JOB: `${id}`,
    WINDFALL_ARRAY_INDEX: "1",
    WINDFALL_ARRAY_COUNT: "5",
    WINDFALL_ARRAY_FIRST: "1",
    WINDFALL_ARRAY_LAST: "9",
    WINDFALL_ARRAY_STEP: "2",
  })
  const fifth = await task(server, `${id}_5`)
  assert.deepEqual([fifth.task, fifth.exitCode, fifth.spec.array], [{ array: id, index: 5 }, 7, undefined])
  assert.equal((await tasksOf(server, id)).length, 5)
  // The list has the array, and not what became of each task.
  assert.deepEqual(
    (await server.call<JobList>("GET", "/v1/jobs")).jobs.map((job) => job.id),
    [id],
  )
  // The next job comes after the numbers that are kept for tasks, also after a restart.
  await server.stop()
  await server.start()
  assert.equal((await server.submit()).id, id + 6)
  await assert.rejects(task(server, `${id}_2`), { code: "job_not_found" })
})

test("no more run at a time than may, which can be changed, and nothing is lost with the server", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha", { cores: 8 })
  host.script = runsOn
  const { id } = await server.submit(array("0-5%2"))
  const running = await server.until(id, (job) => job.array?.counts.running === 2 && job.startedAt !== null)
  assert.deepEqual([running.state, running.array?.waiting, running.array?.counts.waiting], ["running", "2-5", 4])
  const why = await server.call<{ code: string }>("GET", `/v1/jobs/${id}/why`)
  assert.equal(why.code, "array_limit")
  await post(server, `${id}`, "throttle", { atOnce: 3 })
  await server.until(id, (job) => job.array?.counts.running === 3)
  await server.stop()
  await server.start()
  const again = await server.job(id)
  assert.deepEqual([again.array?.waiting, again.array?.atOnce, again.array?.counts.running], ["3-5", 3, 3])
  // One ends, one starts.
  const [first] = [...host.attempts.values()].filter(({ phase }) => phase === "running")
  host.finish(first!, { exitCode: 0 })
  await server.until(id, (job) => job.array?.counts.succeeded === 1 && job.array.counts.running === 3)
  host.script = exitsAtOnce()
  for (const attempt of host.attempts.values()) if (attempt.phase === "running") host.finish(attempt, { exitCode: 0 })
  assert.equal((await server.untilEnded(id)).state, "succeeded")
  assert.deepEqual([...host.begun.values()], [1, 1, 1, 1, 1, 1])
})

test("the whole or a part is stopped, and who has not begun needs no record for that", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.script = runsOn
  const { id } = await server.submit(array("1-1000%2"))
  await server.until(id, (job) => job.array?.counts.running === 2)
  const part = await post(server, `${id}_[2-10,900-1000]`, "stop", { now: false })
  assert.deepEqual([part.array?.waiting, part.array?.counts.cancelled], ["11-899", 109])
  await server.until(id, (job) => job.array?.counts.cancelled === 110)
  assert.equal((await task(server, `${id}_950`)).reason, "stopped by admin")
  await assert.rejects(post(server, `${id}_[2-3]`, "stop", { now: false }), { code: "wrong_state" })
  await assert.rejects(post(server, `${id}_[1001-2000]`, "stop", { now: false }), { code: "job_not_found" })
  await post(server, `${id}`, "stop", { now: true })
  const ended = await server.untilEnded(id)
  assert.deepEqual([ended.state, ended.array?.counts.cancelled], ["cancelled", 1000])
  assert.ok((await tasksOf(server, id)).length <= 4)
})

test("tasks are held and let go one by one, and one can be told apart from the others", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha", { cores: 8 })
  host.script = runsOn
  await server.call("POST", "/v1/hosts/alpha/drain", {})
  const { id } = await server.submit(array("1-6"))
  assert.equal((await post(server, `${id}_2`, "hold")).state, "held")
  assert.equal((await post(server, `${id}_[4-5]`, "hold")).array?.held, "2,4-5")
  const longer = await post(server, `${id}_3`, "time", { timeLimitMs: 60_000 })
  assert.deepEqual([longer.task?.index, longer.standing?.timeLimitMs], [3, 60_000])
  await server.call("POST", "/v1/hosts/alpha/resume", {})
  await server.until(id, (job) => job.array?.counts.running === 3)
  for (const index of [1, 3, 6]) await server.untilState((id + index) as JobId, "running")
  const limits = [...host.attempts.values()].map(({ order }) => [order.env.WINDFALL_ARRAY_INDEX, order.timeLimitMs])
  assert.deepEqual(limits.sort(), [
    ["1", null],
    ["3", 60_000],
    ["6", null],
  ])
  assert.equal((await server.call<{ code: string }>("GET", `/v1/jobs/${id}/why`)).code, "held")
  assert.equal((await task(server, `${id}_4`)).reason, "held by its user")
  const { entries } = await server.call<QueueOrderView>("GET", "/v1/queue/order")
  assert.deepEqual(
    entries.map((entry) => queueNumber({ ...entry, id: entry.job })),
    [`${id}_[2,4-5]`],
  )
  await post(server, `${id}_4`, "release")
  await server.until(id, (job) => job.array?.counts.running === 4)
  await post(server, `${id}`, "release")
  await server.until(id, (job) => job.array?.counts.running === 6)
  assert.equal((await server.job(id)).array?.held, "")
})

test("a job after an array waits for all of it", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha", { cores: 8 })
  host.script = byIndex({ 3: 1 })
  const { id } = await server.submit(array("1-3", { queue: { ...NO_QUEUE_REQUEST, hold: true } }))
  const ok = await server.submit({ ...SMALL, ...after(`afterok:${id}`) })
  const any = await server.submit({ ...SMALL, ...after(`afterany:${id}`) })
  const notOk = await server.submit({ ...SMALL, ...after(`afternotok:${id}`) })
  const second = await server.submit({ ...SMALL, ...after(`afterok:${id}_2`) })
  assert.equal((await server.job(any.id)).state, "held")
  await assert.rejects(server.submit(after(`afterok:${id}_9`)), { code: "invalid_input" })
  await post(server, `${id}`, "release")
  assert.equal((await server.untilEnded(ok.id)).cause, "dependency_failed")
  for (const job of [any, notOk, second]) assert.equal((await server.untilEnded(job.id)).state, "succeeded")
})

test("an array goes task by task after another", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha", { cores: 8 })
  host.script = (on, attempt) => {
    const { WINDFALL_ARRAY_INDEX: index, KIND } = attempt.order.env
    if (KIND === "first") runsOn(on, attempt)
    else exitsAtOnce(index === "4" ? 1 : 0)(on, attempt)
  }
  const first = await server.submit(array("1-4", { env: { KIND: "first" } }))
  const second = await server.submit(array("1-4", after(`aftercorr:${first.id}`)))
  assert.deepEqual([second.state, second.array?.blocked, second.array?.waiting], ["held", "1-4", ""])
  await assert.rejects(server.submit(array("1-5", after(`aftercorr:${first.id}`))), { code: "invalid_input" })
  await server.until(first.id, (job) => job.array?.counts.running === 4)
  const end = (index: number, exitCode: number) => {
    const [attempt] = [...host.attempts.values()].filter(
      ({ order, phase }) =>
        phase === "running" && order.env.KIND === "first" && order.env.WINDFALL_ARRAY_INDEX === `${index}`,
    )
    host.finish(attempt!, { exitCode })
  }
  end(2, 0)
  const one = await server.until(second.id, (job) => job.array?.counts.succeeded === 1)
  assert.equal(one.array?.blocked, "1,3-4")
  end(3, 9)
  const lost = await server.until(second.id, (job) => job.array?.counts.failed === 1)
  assert.deepEqual(
    lost.array?.failures.map(({ index, cause }) => [index, cause]),
    [[3, "dependency_failed"]],
  )
  const third = async () => ((job) => [job.state, job.cause, job.reason])(await task(server, `${second.id}_3`))
  const told = ["failed", "dependency_failed", `what it depends on cannot come about any more: job ${first.id}_3`]
  assert.deepEqual(await third(), told)
  await server.stop()
  await server.start()
  end(1, 0)
  end(4, 0)
  const ended = await server.untilEnded(second.id)
  assert.deepEqual([ended.state, ended.array?.counts.succeeded, ended.array?.counts.failed], ["failed", 2, 2])
  assert.equal((await server.untilEnded(first.id)).exitCode, 9)
  assert.deepEqual(await third(), told)
})

test("a task that is lost is tried again and keeps its place, and the array counts it once", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  let lost = 0
  host.script = (on, attempt) => {
    if (attempt.order.env.WINDFALL_ARRAY_INDEX === "2" && lost++ === 0) on.refuse(attempt, "start_failed", "no room")
    else exitsAtOnce()(on, attempt)
  }
  const { id } = await server.submit(array("1-3%1", { retry: { limit: 1, afterSilenceMs: null, once: false } }))
  const ended = await server.untilEnded(id)
  assert.deepEqual([ended.state, ended.array?.counts.succeeded], ["succeeded", 3])
  assert.equal((await task(server, `${id}_2`)).attempts.length, 2)
})

test("by a policy an array is planned as one, with its throttle", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha", { cores: 8 })
  host.script = runsOn
  const text = "accounts: { lab: { shares: 1 } }\ndefault-account: lab\npartitions: { apple_gpu: { default-time: 1h } }"
  await server.call("POST", "/v1/policy", { text, dryRun: false })
  const { id } = await server.submit(array("1-9%3"))
  const running = await server.until(id, (job) => job.array?.counts.running === 3)
  assert.equal(running.array?.waiting, "4-9")
  const { entries } = await server.call<QueueOrderView>("GET", "/v1/queue/order")
  assert.deepEqual(
    entries.map(({ job, waiting }) => [job, waiting]),
    [[id, "4-9%3"]],
  )
  const why = await server.call<WhyAnswer>("GET", `/v1/jobs/${id}/why`)
  assert.equal(why.place, 1)
  assert.match(
    (await server.call<WhyAnswer>("GET", `/v1/jobs/${id}_7/why`)).summary,
    new RegExp(`With its array ${id}`),
  )
  await server.untilState((id + 1) as JobId, "running")
  host.script = exitsAtOnce()
  for (const attempt of [...host.attempts.values()]) host.finish(attempt, { exitCode: 0 })
  assert.equal((await server.untilEnded(id)).state, "succeeded")
  assert.deepEqual([...host.begun.values()], Array(9).fill(1))
  const again = await server.call<JobView>("POST", `/v1/jobs/${id}_5/rerun`, {})
  assert.deepEqual([again.array?.tasks, again.array?.count], ["5", 1])
  assert.equal((await server.untilEnded(again.id)).state, "succeeded")
})

test("one message tells of an array, and none of its tasks", async () => {
  await using server = await TestServer.start({ limits: { notifyPrivate: true } })
  await using receiver = await MessageReceiver.start()
  const host = await server.hosts.join("alpha")
  host.script = byIndex({ 2: 4 })
  await server.call("PUT", "/v1/notify", { targets: [receiver.at("/hook")] })
  const { id } = await server.submit(array("1-3", { name: "sweep" }))
  await server.untilEnded(id)
  const last = await server.submit({ name: "last" })
  const told = (await receiver.until(2)).map(({ body }) => (JSON.parse(body) as NotifyBody).data)
  assert.deepEqual(
    told.map(({ job }) => job?.id),
    [id, last.id],
  )
  assert.match(told[0]?.text ?? "", /^job 1 \(sweep\) failed.*2 of 3 tasks succeeded, 1 failed/s)
})

test("a task that a host ran in a database that was since replaced by an older copy is held, and the others run", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.cut()
  const { id } = await server.submit(array("1-4"))
  const attempt = makeId<never>("a", new Uint8Array(16).fill(9))
  const order = { attempt, job: id + 3, sequence: 41 } as never
  const text = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }
  host.attempts.set(attempt, { order, phase: "running", exit: null, swept: false, outputs: null, text })
  host.highWater = 41
  host.connect()
  const view = await server.until(id, (job) => job.array?.counts.succeeded === 3)
  assert.deepEqual([view.state, view.array?.held, view.array?.waiting], ["held", "3", ""])
  await post(server, `${id}_3`, "release")
  assert.equal((await server.untilEnded(id)).state, "succeeded")
})

test("what is no array is refused before anything changes", async () => {
  await using server = await TestServer.start()
  for (const wrong of ["", "5-1", "1-3%0", "a", "1-9000000", "0-2000000"]) {
    await assert.rejects(server.submit(array(wrong)), { code: "invalid_input" }, wrong)
  }
  await assert.rejects(server.submit(array("1-3", { kind: "session", command: [] })), { code: "invalid_input" })
  const { id } = await server.submit()
  assert.equal(id, 1)
  await assert.rejects(task(server, "1_3"), { code: "invalid_input" })
  await assert.rejects(post(server, "1", "throttle", { atOnce: 3 }), { code: "invalid_input" })
  await assert.rejects(task(server, `${id as JobId}_[1-3]`), { code: "invalid_input" })
})
