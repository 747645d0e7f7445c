import assert from "node:assert/strict"
import { test } from "node:test"
import { setImmediate } from "node:timers/promises"
import { at, type GangPool, gang, membersOf, poolOf, runningGang } from "../../../test/support/gang-scene.ts"
import { toGate } from "../../../test/support/simulated-attempt.ts"
import { exitsAtOnce, runsOn, type SimulatedAttempt, type SimulatedHost } from "../../../test/support/simulated-host.ts"
import { attemptOf, suspend } from "../../../test/support/simulated-owner.ts"
import { taskSpec } from "../../../test/support/test-server.ts"
import type { WhyAnswer } from "../../protocol/api.ts"
import type { HostView } from "../../protocol/host.ts"
import type { JobId } from "../../protocol/ids.ts"
import type { JobPreviews } from "../../protocol/job-preview.ts"

async function freeOf(pool: GangPool): Promise<number> {
  const { hosts } = await pool.server.call<{ hosts: { free: { cores: number } }[] }>("GET", "/v1/hosts")
  return hosts.reduce((sum, { free }) => sum + free.cores, 0)
}

test("all members get one number and their ranks, go when the last is at the gate, and the job ends when all have", async () => {
  await using pool = await poolOf(3)
  const late: SimulatedAttempt[] = []
  pool.hosts[1]!.script = (_, attempt) => late.push(attempt)
  const { id } = await pool.server.submit(gang(3))
  const waiting = await pool.server.until(id, ({ reason }) => reason?.startsWith("2 of 3 members are ready") === true)
  assert.deepEqual([waiting.state, waiting.reason], ["starting", "2 of 3 members are ready; not yet: host2"])
  assert.ok(pool.hosts.every(({ rosters }) => rosters.size === 0))
  toGate(pool.hosts[1]!, late[0]!)
  const job = await pool.server.untilState(id, "running")
  assert.deepEqual(
    job.attempts.map(({ number, rank, state }) => [number, rank, state]),
    [0, 1, 2].map((rank) => [1, rank, "running"]),
  )
  for (const rank of [0, 1, 2]) {
    const [host, { order }] = at(pool, job, rank)
    assert.deepEqual(order.member, { rank, size: 3 })
    assert.deepEqual(
      host.rosters.get(order.attempt)?.map(({ address }) => address),
      job.attempts.map(({ hostName }) => `10.0.0.${hostName.slice(4)}`),
    )
  }
  for (const rank of [2, 0]) at(pool, job, rank)[0].finish(at(pool, job, rank)[1])
  const two = await pool.server.until(
    id,
    ({ attempts }) => attempts.filter(({ state }) => state === "finishing").length === 2,
  )
  assert.equal(two.state, "running")
  const [host, attempt] = at(pool, job, 1)
  host.print(attempt, "stdout", "from rank 1\n")
  host.finish(attempt)
  const ended = await pool.server.untilEnded(id)
  assert.deepEqual([ended.state, ended.exitCode], ["succeeded", 0])
  const log = await pool.server.request("GET", `/v1/jobs/${id}/logs?stream=stdout&rank=1`)
  assert.equal(await log.text(), "from rank 1\n")
  assert.equal(await (await pool.server.request("GET", `/v1/jobs/${id}/logs?stream=stdout`)).text(), "")
  assert.equal((await pool.server.request("GET", `/v1/jobs/${id}/logs?rank=3`)).status, 404)
  assert.equal(await freeOf(pool), 6)
})

test("all or none: too few hosts free means none is taken, more than there are is refused", async () => {
  await using pool = await poolOf(2)
  pool.hosts[0]!.script = runsOn
  const blocker = await pool.server.submit({ resources: { memoryBytes: null, gpus: null, cores: 2 } })
  const there = await pool.server.untilState(blocker.id, "running")
  const { id } = await pool.server.submit({ ...gang(2), resources: { memoryBytes: null, gpus: null, cores: 2 } })
  const why = await pool.server.call<WhyAnswer>("GET", `/v1/jobs/${id}/why`)
  assert.deepEqual([why.code, (await pool.server.job(id)).attempts.length], ["resources", 0])
  const other = pool.hosts.find((one) => one.id !== there.attempts[0]!.hostId)!
  const { name } = await pool.server.call<HostView>("GET", `/v1/hosts/${other.id}`)
  assert.deepEqual(why.sooner, [`with --nodes 1 it would start now on ${name}`])
  await assert.rejects(pool.server.submit(gang(3)), /it asks for 3 hosts, and 2 hosts could ever take a member of it/)
  const host = pool.hosts.find((one) => one.id === there.attempts[0]!.hostId)!
  host.script = toGate
  host.finish(attemptOf(host, blocker.id))
  assert.equal((await pool.server.untilState(id, "running")).attempts.length, 2)
})

test("the best-linked hosts are taken, and why, show and a dry run say how they are linked", async () => {
  await using pool = await poolOf(3)
  for (const [at, host] of pool.hosts.entries()) {
    const kind = at === 1 ? "wifi" : "ethernet"
    host.tell({ type: "network", network: { kind, mbps: 1_000, interface: "eth0", peers: [] }, wake: null })
  }
  const isKnown = ({ network }: HostView) => network?.kind === "ethernet"
  while (!isKnown(await pool.server.call<HostView>("GET", "/v1/hosts/host3"))) await setImmediate()
  const { jobs } = await pool.server.call<JobPreviews>("POST", "/v1/jobs/preview", { specs: [taskSpec(gang(2))] })
  assert.match(jobs[0]!.summary, /^Starts now on host1, host3 \(these are linked: wired, about 940 Mbit\/s\)$/)
  const job = await runningGang(pool, 2)
  assert.deepEqual(
    job.attempts.map(({ hostName, link }) => [hostName, link]),
    ["host1", "host3"].map((name) => [name, "wired, about 940 Mbit/s"]),
  )
  const all = { resources: { memoryBytes: null, gpus: null, cores: 2 } }
  const { id } = await pool.server.submit({ ...gang(2), ...all })
  const why = await pool.server.call<WhyAnswer>("GET", `/v1/jobs/${id}/why`)
  assert.match(why.summary, /too little room now .*\(it asks for 2 hosts at once, 1 has room now\)/)
})

test("one that fails ends the others, and its exit code is the job's", async () => {
  await using pool = await poolOf(3)
  const job = await runningGang(pool, 3)
  const [host, attempt] = at(pool, job, 1)
  host.finish(attempt, { exitCode: 7 })
  const ended = await pool.server.untilEnded(job.id)
  assert.deepEqual([ended.state, ended.cause, ended.exitCode], ["failed", "exited", 7])
  assert.match(ended.reason ?? "", /^rank 1 on host\d ended \(exit code 7\)/)
  assert.deepEqual(
    ended.attempts.map(({ cause, state }) => [cause, state]),
    [
      ["member_ended", "ended"],
      ["exited", "ended"],
      ["member_ended", "ended"],
    ],
  )
})

test("where the others are to continue they do, and the first failure is the job's", async () => {
  await using pool = await poolOf(2)
  const job = await runningGang(pool, 2, gang(2, { onMemberFailure: "continue" }))
  const [host, attempt] = at(pool, job, 1)
  host.finish(attempt, { exitCode: 3 })
  await pool.server.until(job.id, ({ attempts }) => attempts[1]?.state === "finishing")
  const [main, other] = at(pool, job, 0)
  assert.ok(!main.said.some(({ type }) => type === "stop"))
  main.finish(other)
  const ended = await pool.server.untilEnded(job.id)
  assert.deepEqual([ended.state, ended.exitCode, ended.attempts[0]?.cause], ["failed", 3, "exited"])
})

test("a stop and a time limit act on the whole", async () => {
  await using pool = await poolOf(2)
  const job = await runningGang(pool, 2)
  await pool.server.call("POST", `/v1/jobs/${job.id}/stop`, { now: false })
  const stopped = await pool.server.untilEnded(job.id)
  assert.deepEqual(
    [stopped.state, stopped.attempts.map(({ cause }) => cause)],
    ["cancelled", ["cancelled", "cancelled"]],
  )
  const limited = await runningGang(pool, 2)
  const [host, attempt] = at(pool, limited, 0)
  host.finish(attempt, { cause: "time_limit", signal: 15 })
  const ended = await pool.server.untilEnded(limited.id)
  assert.deepEqual(
    [ended.state, ended.attempts.map(({ cause }) => cause)],
    ["timed_out", ["time_limit", "member_ended"]],
  )
})

test("who comes back to one host has all members leave, and the whole waits again and keeps its age", async () => {
  await using pool = await poolOf(3)
  const job = await runningGang(pool, 2)
  const [host] = at(pool, job, 1)
  suspend(host, job.id)
  const again = await pool.server.until(job.id, ({ attempts }) => attempts.at(-1)?.number === 2)
  assert.deepEqual(
    membersOf(again, 1).map(({ cause, state }) => [cause, state]),
    [
      ["member_ended", "ended"],
      ["owner_returned", "ended"],
    ],
  )
  const running = await pool.server.until(job.id, ({ state, attempts }) => state === "running" && attempts.length === 4)
  for (const rank of [0, 1]) at(pool, running, rank)[0].finish(at(pool, running, rank)[1])
  assert.equal((await pool.server.untilEnded(job.id)).state, "succeeded")
})

test("a member lost with its host ends all; the whole is tried again as far as it may be", async () => {
  await using pool = await poolOf(2)
  const retry = { limit: 1, afterSilenceMs: null, once: false }
  const job = await runningGang(pool, 2, { retry })
  const [lost, attempt] = at(pool, job, 1)
  const [other, peer] = at(pool, job, 0)
  // Its peer sees the connection break long before the server hears of its host.
  lost.cut()
  other.finish(peer, { exitCode: 1 })
  await pool.server.until(job.id, ({ attempts }) => attempts[0]?.state === "finishing")
  attempt.phase = "exited"
  attempt.exit = { ...peer.exit!, cause: "host_crashed", exitCode: null }
  lost.connect()
  const again = await pool.server.until(job.id, ({ state, attempts }) => state === "running" && attempts.length === 4)
  assert.equal(again.cause, "host_crashed")
  const [host, second] = at(pool, again, 0)
  host.finish(second, { cause: "host_crashed" })
  const ended = await pool.server.untilEnded(job.id)
  assert.deepEqual([ended.state, ended.cause, ended.attempts.length], ["failed", "host_crashed", 4])
})

test("who has told all before the last has ended is forgotten all the same, and its host may leave", async () => {
  await using pool = await poolOf(2)
  const retry = { limit: 1, afterSilenceMs: null, once: false }
  const job = await runningGang(pool, 2, { retry })
  const [main, attempt] = at(pool, job, 0)
  const [host, other] = at(pool, job, 1)
  const { hear } = main
  main.hear = () => {}
  host.finish(other, { cause: "host_crashed" })
  await pool.server.until(job.id, ({ attempts }) => attempts[1]?.state === "finishing")
  main.hear = hear
  main.finish(attempt)
  await pool.server.until(job.id, ({ attempts }) => attempts.length === 4)
  while (host.attempts.has(other.order.attempt)) await setImmediate()
})

test("the word to go is said again to who did not hear it, also by the server's next run, and nothing runs twice", async () => {
  await using pool = await poolOf(2)
  const deaf = pool.hosts[1]!
  const { hear } = deaf
  deaf.hear = (channel, message) => (message.type === "go" ? deaf.cut() : hear.call(deaf, channel, message))
  const { id } = await pool.server.submit(gang(2))
  await pool.server.until(
    id,
    ({ state, attempts }) => state === "running" && attempts.some((one) => one.outOfContactSince !== null),
  )
  assert.equal(deaf.rosters.size, 0)
  await pool.server.stop()
  deaf.hear = hear
  for (const host of pool.hosts) host.onGo = exitsOnce
  await pool.server.start()
  for (const host of pool.hosts) host.connect()
  await pool.server.until(id, () => deaf.rosters.size === 1)
  const [first] = pool.hosts
  first!.finish(attemptOf(first!, id))
  const ended = await pool.server.untilEnded(id)
  assert.deepEqual([ended.state, ended.attempts.length], ["succeeded", 2])
  assert.deepEqual([first!.rosters.size, deaf.rosters.size], [1, 1])
})

test("a member whose order is refused ends the start of all, and the whole is tried again", async () => {
  await using pool = await poolOf(2)
  let refusals = 0
  pool.hosts[1]!.script = (host, attempt) => {
    if (refusals++ === 0) host.refuse(attempt, "owner_returned", "somebody is at it")
    else toGate(host, attempt)
  }
  const { id } = await pool.server.submit({ ...gang(2), retry: { limit: 0, afterSilenceMs: null, once: true } })
  const running = await pool.server.untilState(id, "running")
  assert.deepEqual(
    running.attempts.map(({ number, state }) => [number, state]),
    [
      [1, "ended"],
      [1, "ended"],
      [2, "running"],
      [2, "running"],
    ],
  )
})

const exitsOnce = (host: SimulatedHost, attempt: SimulatedAttempt) => exitsAtOnce()(host, attempt)

test("a job on several hosts takes its turn among others", async () => {
  await using pool = await poolOf(2)
  for (const host of pool.hosts) host.script = runsOn
  const all = { resources: { memoryBytes: null, gpus: null, cores: 2 } }
  const first = await pool.server.submit(all)
  await pool.server.untilState(first.id, "running")
  const wide = await pool.server.submit({ ...gang(2), ...all })
  const later = await pool.server.submit(all)
  const place = async (id: JobId) => (await pool.server.job(id)).place
  assert.deepEqual([await place(wide.id), await place(later.id)], [1, 2])
  for (const host of pool.hosts) host.script = toGate
  const there = await pool.server.job(first.id)
  const host = pool.hosts.find(({ id }) => id === there.attempts[0]!.hostId)!
  host.finish(attemptOf(host, first.id))
  const running = await pool.server.untilState(wide.id, "running")
  assert.equal((await pool.server.job(later.id)).state, "queued")
  for (const one of pool.hosts) one.script = exitsAtOnce()
  for (const rank of [0, 1]) at(pool, running, rank)[0].finish(at(pool, running, rank)[1])
  assert.equal((await pool.server.untilEnded(later.id)).state, "succeeded")
})

test("each task of an array may be on several hosts", async () => {
  await using pool = await poolOf(2)
  const all = { resources: { memoryBytes: null, gpus: null, cores: 2 } }
  for (const host of pool.hosts) host.onGo = exitsAtOnce()
  const { id } = await pool.server.submit({ ...gang(2), ...all, array: "1-2" })
  const ended = await pool.server.untilEnded(id)
  assert.deepEqual([ended.state, pool.hosts.map(({ rosters }) => rosters.size)], ["succeeded", [2, 2]])
})
