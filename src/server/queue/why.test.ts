import assert from "node:assert/strict"
import { test } from "node:test"
import { runsOn } from "../../../test/support/simulated-host.ts"
import { attemptOf } from "../../../test/support/simulated-owner.ts"
import { treeOf } from "../../../test/support/small-trees.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import type { JobList, WhyAnswer } from "../../protocol/api.ts"
import type { JobView } from "../../protocol/job.ts"
import type { QueueOrderView } from "../../protocol/queue-order.ts"
import { type ChangeNotices, NO_QUEUE_REQUEST } from "../../protocol/queue-request.ts"

const GIB = 2 ** 30
const memory = (gib: number) => ({ resources: { memoryBytes: gib * GIB, gpus: 0, cores: 1 } })
const HOUR_MS = 3_600_000

/** A host of which jobs may have 7 GiB, 4 of them taken by one job for an hour at most. */
async function busyServer(policy?: string) {
  const server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.script = runsOn
  if (policy !== undefined) await server.call("POST", "/v1/policy", { text: policy, dryRun: false })
  const first = await server.submit({ ...memory(4), timeLimitMs: HOUR_MS })
  await server.untilState(first.id, "running")
  return { server, first }
}
const why = (server: TestServer, id: number) => server.call<WhyAnswer>("GET", `/v1/jobs/${id}/why`)
const order = (server: TestServer) => server.call<QueueOrderView>("GET", "/v1/queue/order")

test("without a policy: place, expected start as a range, what would help, and who stands before", async () => {
  const { server, first } = await busyServer()
  await using _ = server
  const large = await server.submit({ ...memory(6), timeLimitMs: HOUR_MS })
  const second = await server.submit({ ...memory(6) })
  const answer = await why(server, large.id)
  assert.deepEqual([answer.place, answer.code, answer.ahead], [1, "memory_leased", []])
  assert.deepEqual(answer.sooner, ["with --memory 3G it would start now on alpha"])
  const now = Date.now()
  assert.ok((answer.expected?.from ?? Number.NaN) <= now + 120_000)
  assert.ok((answer.expected?.to ?? 0) > now + HOUR_MS - 60_000)
  const behind = await why(server, second.id)
  assert.deepEqual(
    behind.ahead?.map(({ job, because }) => [job, because]),
    [[large.id, "it was sent before"]],
  )
  const { policy, entries } = await order(server)
  assert.deepEqual(
    [policy, ...entries.map(({ job, place, priority }) => [job, place, priority])],
    [0, [large.id, 1, null], [second.id, 2, null]],
  )
  // What was said holds: asking for that much starts at once.
  for (const { id } of [large, second]) await server.call("POST", `/v1/jobs/${id}/stop`, { now: true })
  await server.untilState((await server.submit(memory(3))).id, "running")
  assert.equal((await server.job(first.id)).state, "running")
})

test("without a policy nice and a priority by hand change no order, which is said, and why tells who was sent before", async () => {
  const { server } = await busyServer()
  await using _ = server
  const sent = []
  for (let nth = 0; nth < 12; nth++) sent.push((await server.submit({ ...memory(6), timeLimitMs: HOUR_MS })).id)
  const [first = 0, second = 0, third = 0] = sent
  const nice = (id: number, body: object) =>
    server.call<JobView & ChangeNotices>("POST", `/v1/jobs/${id}/nice`, body).then(({ notices }) => notices)
  const kept = ["it counts as soon as a policy holds: until then jobs go in the order in which they were sent"]
  assert.deepEqual(await nice(first, { nice: 100 }), kept)
  assert.deepEqual(await nice(third, { priority: 50 }), kept)
  const ahead = async (id: number) => (await why(server, id)).ahead?.map((one) => [one.job, one.place, one.because])
  assert.deepEqual(await ahead(first), [])
  assert.deepEqual(await ahead(third), [
    [first, 1, "it was sent before"],
    [second, 2, "it was sent before"],
  ])
  // The nearest ten.
  assert.deepEqual([(await ahead(sent[11]!))?.[0]?.[1], (await ahead(sent[11]!))?.length], [2, 10])
  const startAt = (await order(server)).entries.map((one) => [one.job, one.place, one.startAt])
  assert.deepEqual(
    startAt.map(([job, place]) => [job, place]),
    sent.map((id, at) => [id, at + 1]),
  )
  const times = startAt.map(([, , at]) => at ?? 0)
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  )
  await server.call("POST", "/v1/policy", { text: "qos: { urgent: { rank: 10 } }\n", dryRun: false })
  assert.equal(await nice(second, { nice: 7 }), undefined)
  assert.equal((await order(server)).entries[0]?.job, third)
})

test("with a policy: the table of the priority, and by what others stand before", async () => {
  const text = "qos: { urgent: { rank: 10 } }\npriority: { weights: { qos: 1000, age: 100 } }\n"
  const { server } = await busyServer(text)
  await using _ = server
  const large = memory(6)
  const plain = await server.submit({ ...large, queue: { ...NO_QUEUE_REQUEST, nice: 5 } })
  const urgent = await server.submit({ ...large, queue: { ...NO_QUEUE_REQUEST, qos: "urgent" } })
  const held = await server.submit({ ...large, queue: { ...NO_QUEUE_REQUEST, hold: true } })
  await server.call("POST", `/v1/jobs/${plain.id}/nice`, { nice: 7 })
  const answer = await why(server, plain.id)
  assert.deepEqual([answer.place, answer.hosts[0]?.name], [2, "alpha"])
  assert.deepEqual(
    answer.priority?.rows.filter(({ points }) => points < 0),
    [{ factor: "nice", value: null, weight: null, points: -7 }],
  )
  assert.match(answer.ahead?.[0]?.because ?? "", /^its priority is higher by \d+$/)
  const { entries } = await order(server)
  assert.deepEqual(
    entries.map(({ job, place, code }) => [job, place, code]),
    [
      [urgent.id, 1, "resources"],
      [plain.id, 2, "resources"],
      [held.id, null, "held"],
    ],
  )
})

test("a task of an array that was preempted stands before the others, and they are told why", async () => {
  const text = "qos: { urgent: { rank: 10, preempts: [normal] } }\npreemption: { by: qos, mode: requeue, grace: 0s }\n"
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.script = runsOn
  await server.call("POST", "/v1/policy", { text, dryRun: false })
  const { id } = await server.submit({ ...memory(6), array: "1-3" })
  await server.until(id, (job) => job.array?.counts.running === 1)
  const urgent = await server.submit({ ...memory(6), queue: { ...NO_QUEUE_REQUEST, qos: "urgent" } })
  await server.untilState(urgent.id, "running")
  const [first] = (await server.call<JobList>("GET", `/v1/jobs?array=${id}`)).jobs
  const { entries } = await order(server)
  assert.deepEqual(entries.map(({ job, place }) => [job, place]).slice(0, 2), [
    [first?.id, 1],
    [id, 2],
  ])
  assert.deepEqual((await why(server, id)).ahead, [
    {
      job: first?.id,
      task: { array: id, index: 1 },
      user: first?.user,
      place: 1,
      priority: entries[0]?.priority,
      because: "of equal priority, a task that waits by itself goes before the rest of its array",
    },
  ])
})

for (const policy of [undefined, "qos: { urgent: { rank: 10 } }\n"]) {
  test(`${policy === undefined ? "without" : "with"} a policy tasks of an array are called as ps does, in all words`, async () => {
    await using server = await TestServer.start()
    const host = await server.hosts.join("alpha")
    host.script = runsOn
    if (policy !== undefined) await server.call("POST", "/v1/policy", { text: policy, dryRun: false })
    const { id } = await server.submit({ ...memory(3), array: "1-2" })
    await server.until(id, (job) => job.array?.counts.running === 2)
    const large = await server.submit({ ...memory(4) })
    const { hosts, summary, expected } = await why(server, large.id)
    const { entries } = await order(server)
    const told = JSON.stringify([hosts.map(({ text }) => text), summary, expected?.rests, entries[0]?.reason])
    assert.match(told, new RegExp(`free beside jobs ${id}_1 and ${id}_2"`))
    assert.match(told, new RegExp(`as job ${id}_1 and 1 more have no time limit`))
    assert.doesNotMatch(told, /jobs? \d+\b(?!_)/)
  })
}

test("who is in the short lane is before by that, though sent later", async () => {
  const text = "short-lane: { longest: 2m, interactive-only: false, running-per-user: 1 }\n"
  const { server } = await busyServer(text)
  await using _ = server
  const long = await server.submit({ ...memory(6), timeLimitMs: HOUR_MS })
  const short = await server.submit({ ...memory(6), timeLimitMs: 120_000 })
  const { ahead } = await why(server, long.id)
  assert.deepEqual(
    ahead?.map(({ job, because }) => [job, because]),
    [[short.id, "the short lane, or its QOS, goes first"]],
  )
})

test("by a policy, too, a job is told that it waits for what its last attempt wrote, and starts once that is there", async () => {
  await using server = await TestServer.start()
  await server.call("POST", "/v1/policy", { text: "{}", dryRun: false })
  const host = await server.hosts.join("alpha")
  host.script = runsOn
  const { id } = await server.submit()
  await server.untilState(id, "running")
  const come = Promise.withResolvers<void>()
  const { giveOutputs } = host
  host.giveOutputs = async function* (...asked) {
    await come.promise
    yield* giveOutputs(...asked)
  }
  const written = treeOf({ "count.txt": "1" })
  for (const [hash, bytes] of written.blobs) host.blobs.write(hash, bytes)
  const attempt = attemptOf(host, id)
  attempt.outputs = { tree: written.root, files: 1, bytes: 1 }
  host.finish(attempt, { cause: "owner_returned", signal: 15 })
  await server.untilState(id, "queued")
  const { code, summary, expected } = await why(server, id)
  assert.equal(code, "checkpoint_coming")
  const text =
    /what its last attempt wrote is on its way, .* more at most unless more of it comes \(what attempt 1 wrote on alpha\)/
  assert.match(summary, text)
  assert.match(expected?.rests ?? "", /^as soon as what its last attempt wrote has come; /)
  assert.equal(expected?.to, null)
  const { entries } = await order(server)
  assert.deepEqual([entries[0]?.code, entries[0]?.startAt], ["checkpoint_coming", null])
  assert.match(entries[0]?.reason ?? "", text)
  come.resolve()
  const again = await server.until(id, ({ state, attempts }) => state === "running" && attempts.length === 2)
  assert.equal(again.checkpoint?.kept?.attempt, 1)
})
