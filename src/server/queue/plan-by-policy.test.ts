import assert from "node:assert/strict"
import { test } from "node:test"
import { runsOn } from "../../../test/support/simulated-host.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import type { WhyAnswer } from "../../protocol/api.ts"
import type { JobView } from "../../protocol/job.ts"
import { NO_QUEUE_REQUEST, type QueueRequest } from "../../protocol/queue-request.ts"

/** All that the host has. */
const ALL = { resources: { memoryBytes: null, gpus: null, cores: 2 } }
const asking = (change: Partial<QueueRequest>) => ({ ...ALL, queue: { ...NO_QUEUE_REQUEST, ...change } })
const QOS = `
accounts: { lab: { users: [ann, bob] }, default: {} }
default-account: default
qos: { urgent: { rank: 10, preempts: [normal] } }
priority: { weights: { qos: 1000 } }
`

async function withPolicy(text: string) {
  const server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.script = runsOn
  await server.call("POST", "/v1/policy", { text, dryRun: false })
  const end = (job: JobView) => {
    for (const attempt of host.attempts.values())
      if (attempt.order.job === job.id && attempt.phase === "running") host.finish(attempt)
  }
  return { server, host, end }
}

/** Its place, once it is planned: no event tells that. */
async function placeOf(server: TestServer, { id }: JobView): Promise<number> {
  for (;;) {
    const { place } = await server.job(id)
    if (place !== null) return place
  }
}

test("with a policy jobs start in its order, and it says under what they ran", async () => {
  const { server, end } = await withPolicy(QOS)
  await using _ = server
  const first = await server.submit(ALL)
  await server.untilState(first.id, "running")
  const plain = await server.submit(ALL)
  const urgent = await server.submit(asking({ qos: "urgent" }))
  // The answer is from before the plan that finds its place: none is told, rather than a wrong one.
  assert.equal(urgent.place, null)
  assert.deepEqual([await placeOf(server, urgent), await placeOf(server, plain)], [1, 2])
  end(first)
  const running = await server.untilState(urgent.id, "running")
  assert.deepEqual(running.standing?.ranAs, { account: "default", partition: "apple_gpu", qos: "urgent" })
  assert.equal((await server.job(plain.id)).state, "queued")
  await server.stop()
  await server.start()
  assert.deepEqual([(await server.job(plain.id)).state, await placeOf(server, plain)], ["queued", 1])
})

test("a job is preempted by its QOS, waits again and runs once more, its age kept", async () => {
  const { server, host, end } = await withPolicy(`${QOS}preemption: { by: qos, mode: requeue }\n`)
  await using _ = server
  const plain = await server.submit(ALL)
  await server.untilState(plain.id, "running")
  const urgent = await server.submit(asking({ qos: "urgent" }))
  await server.untilState(urgent.id, "running")
  const waiting = await server.job(plain.id)
  assert.deepEqual([waiting.state, waiting.cause, waiting.standing?.waitsSince], ["queued", "preempted", undefined])
  const stops = host.said.filter((message) => message.type === "stop")
  assert.deepEqual(
    stops.map(({ cause, signal, graceMs }) => [cause, signal, graceMs]),
    [["preempted", "SIGTERM", 10_000]],
  )
  end(urgent)
  assert.equal((await server.until(plain.id, ({ state }) => state === "running")).attempts.length, 2)
})

test("who could not be suspended for want of memory, and was requeued, says so as long as it waits; so does who waits for that", async () => {
  const { server, host } = await withPolicy(`${QOS}preemption: { by: qos, mode: suspend, grace: 1h }\n`)
  await using _ = server
  const more = (queue: Partial<QueueRequest>) => ({
    ...asking(queue),
    resources: { memoryBytes: 4.5 * 1024 ** 3, gpus: null, cores: 2 },
  })
  const plain = await server.submit(more({}))
  await server.untilState(plain.id, "running")
  host.obeys = false
  const urgent = await server.submit(more({ qos: "urgent" }))
  await server.until(plain.id, ({ standing }) => standing?.leaving?.for === urgent.id)
  const soon = await server.call<WhyAnswer>("GET", `/v1/jobs/${urgent.id}/why`)
  assert.equal(soon.code, "preempting")
  assert.match(soon.summary, /^Reserved in .* on alpha: starts when job 1 is gone, in .* at the latest$/)
  assert.match(soon.hosts[0]!.text, /; job 1 makes room for it$/)
  for (const attempt of host.attempts.values()) host.finish(attempt, { cause: "preempted", signal: 15 })
  await server.untilState(urgent.id, "running")
  const said = `requeued for job ${urgent.id} (by its QOS); not suspended, since its memory would not leave room`
  assert.equal((await server.job(plain.id)).reason, `attempt 1 on alpha was ${said}`)
  const why = await server.call<WhyAnswer>("GET", `/v1/jobs/${plain.id}/why`)
  assert.deepEqual([why.code, why.summary.endsWith(`; it was ${said}`)], ["resources", true])
})

test("room that is made for a job is kept for it, whoever stands before it, also past a restart of the server", async () => {
  const text = `
qos: { first: { rank: 20 }, urgent: { rank: 10, preempts: [normal] } }
priority: { weights: { qos: 1000 } }
preemption: { by: qos, mode: requeue }
`
  const { server, host } = await withPolicy(text)
  await using _ = server
  const hour = { timeLimitMs: 3_600_000 }
  const plain = await server.submit({ ...ALL, ...hour })
  await server.untilState(plain.id, "running")
  // It may ask nobody to leave, and has its time once the plain one is over; until then there is time for the urgent one.
  const first = await server.submit({ ...asking({ qos: "first" }), ...hour })
  host.obeys = false
  const urgent = await server.submit({ ...asking({ qos: "urgent" }), timeLimitMs: 600_000 })
  await server.until(plain.id, ({ standing }) => standing?.leaving?.for === urgent.id)
  assert.equal((await server.job(first.id)).place, 1)
  const why = await server.call<WhyAnswer>("GET", `/v1/jobs/${first.id}/why`)
  assert.match(why.hosts[0]!.text, /; held for job 3, for which others were asked to make room$/)
  await server.stop()
  await server.start()
  for (const attempt of host.attempts.values()) host.finish(attempt, { cause: "preempted", signal: 15 })
  const running = await server.untilState(urgent.id, "running")
  assert.equal(running.standing?.roomAsked, undefined)
  assert.equal((await server.job(first.id)).state, "queued")
})

test("with mode cancel who is preempted ends", async () => {
  const { server } = await withPolicy(`${QOS}preemption: { by: qos, mode: cancel, grace: 1s }\n`)
  await using _ = server
  const plain = await server.submit(ALL)
  await server.untilState(plain.id, "running")
  await server.submit(asking({ qos: "urgent" }))
  const { state, cause } = await server.untilEnded(plain.id)
  assert.deepEqual([state, cause], ["cancelled", "preempted"])
})

test("what its partition limits a job to holds for it, and partitions are by host", async () => {
  const text = `partitions:
  day: { default-time: 1h, longest-time: 2h }
  big: { hosts: [beta] }
default-partition: day
`
  const { server, host } = await withPolicy(text)
  await using _ = server
  const job = await server.submit(ALL)
  await server.untilState(job.id, "running")
  const [order] = [...host.attempts.values()].map((attempt) => attempt.order)
  assert.equal(order?.timeLimitMs, 3_600_000)
  const big = await server.submit({ partition: "big" })
  assert.equal((await server.job(big.id)).state, "queued")
  const beta = await server.hosts.join("beta")
  beta.script = runsOn
  assert.equal((await server.untilState(big.id, "running")).attempts[0]?.hostName, "beta")
})

test("limits hold, and a member's account is told from what is nobody's", async () => {
  const limited =
    "accounts: { lab: { users: [ann], limits: { group: { running-jobs: 1 } } }, default: {} }\ndefault-account: default\n"
  const { server } = await withPolicy(limited)
  await using _ = server
  const small = { resources: { memoryBytes: null, gpus: 0, cores: 1 } }
  const ann = { token: await server.userToken("ann") }
  const bob = { token: await server.userToken("bob") }
  await assert.rejects(server.submit(asking({ account: "lab" }), bob), { code: "not_allowed" })
  // Past the limit of her own account there is no way by that of all others.
  await assert.rejects(server.submit(asking({ account: "default" }), ann), {
    code: "not_allowed",
    message: /ann is not in account default, which is for those who are in none/,
  })
  await server.submit(asking({ account: "default", hold: true }), bob)
  const one = await server.submit(small, ann)
  await server.untilState(one.id, "running")
  const two = await server.submit(small, ann)
  const other = await server.submit(small, bob)
  await server.untilState(other.id, "running")
  assert.equal((await server.job(two.id)).state, "queued")
})
