import assert from "node:assert/strict"
import { test } from "node:test"
import { MovedClock } from "../../../test/support/moved-clock.ts"
import { runsOn, type SimulatedHost } from "../../../test/support/simulated-host.ts"
import { attemptOf } from "../../../test/support/simulated-owner.ts"
import { damageBlob, type SmallTree, treeOf } from "../../../test/support/small-trees.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import type { AttemptOrder } from "../../protocol/agent-wire.ts"
import type { WhyAnswer } from "../../protocol/api.ts"
import type { WindfallEvent } from "../../protocol/events.ts"
import type { JobId } from "../../protocol/ids.ts"
import type { JobSpec, JobView } from "../../protocol/job.ts"
import type { Cause } from "../../protocol/job-state.ts"
import { hashBytes } from "../../workspace/hash.ts"
import { KEEP_LOOSE_BLOBS_MS } from "../limits.ts"
import { tidy } from "../retention.ts"
import { CHECKPOINT_WAIT_MS } from "./checkpoint-wait.ts"

const FIRST = treeOf({ "count.txt": "1" })
const SECOND = treeOf({ "count.txt": "22" })

async function running(server: TestServer, host: SimulatedHost, change: Partial<JobSpec> = {}): Promise<JobId> {
  host.script = runsOn
  const { id } = await server.submit(change)
  await server.untilState(id, "running")
  return id
}

/** The job's latest attempt there ends so, having written the files of the tree. */
function leaves(host: SimulatedHost, id: JobId, tree: SmallTree | null, cause: Cause = "owner_returned"): void {
  const attempt = attemptOf(host, id)
  if (tree !== null) {
    for (const [hash, bytes] of tree.blobs) host.blobs.write(hash, bytes)
    attempt.outputs = { tree: tree.root, files: 1, bytes: 1 }
  }
  host.finish(attempt, { cause, signal: 15 })
}

const begun = (number: number) => (job: JobView) => job.attempts.length === number && job.state === "running"
const fromOf = (host: SimulatedHost, id: JobId): AttemptOrder["checkpoint"] => attemptOf(host, id).order.checkpoint

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener("abort", () => reject(signal.reason))
  })
}

async function eventsOf(server: TestServer, id: JobId): Promise<WindfallEvent[]> {
  return (await server.call<{ events: WindfallEvent[] }>("GET", `/v1/events?job=${id}`)).events
}

test("a job that had to leave begins with what it wrote, and each time with the latest", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  const id = await running(server, host)
  assert.deepEqual(fromOf(host, id), { globs: null, from: null })
  leaves(host, id, FIRST)
  const again = await server.until(id, begun(2))
  assert.deepEqual(fromOf(host, id), { globs: null, from: { tree: FIRST.root, attempt: 1 } })
  assert.deepEqual(again.checkpoint?.kept, { attempt: 1, tree: FIRST.root, files: 1, bytes: 1 })
  leaves(host, id, SECOND, "preempted")
  await server.until(id, begun(3))
  assert.deepEqual(fromOf(host, id)?.from, { tree: SECOND.root, attempt: 2 })
  // Whoever left nothing leaves nothing: all that there was had lain before it.
  leaves(host, id, null)
  const last = await server.until(id, begun(4))
  assert.deepEqual(last.checkpoint, { kept: null, awaited: null, problem: null })
  const events = await eventsOf(server, id)
  const kept = events.filter((event) => event.type === "checkpoint_kept")
  assert.deepEqual(
    kept.map(({ number, files }) => [number, files]),
    [
      [1, 1],
      [2, 1],
      [3, 0],
    ],
  )
  const placed = events.filter((event) => event.type === "attempt_placed")
  assert.deepEqual(
    placed.map(({ checkpoint }) => checkpoint),
    [undefined, 1, 2, undefined],
  )
})

test("a job that names its checkpoint begins with that, told once or twice; outputs are none; none is none", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  const id = await running(server, host, { checkpoint: ["kept/**"], outputs: ["*.png"] })
  const { order } = attemptOf(host, id)
  assert.deepEqual(order.checkpoint?.globs, ["kept/**"])
  for (const [hash, bytes] of FIRST.blobs) host.blobs.write(hash, bytes)
  leaves(host, id, SECOND)
  await server.until(id, ({ state }) => state === "queued")
  const { attempt, sequence } = order
  const told = { type: "checkpoint", attempt, sequence, tree: FIRST.root, files: 1, bytes: 1, problem: null } as const
  host.tell(told)
  host.tell(told)
  await server.until(id, begun(2))
  host.tell(told)
  assert.deepEqual(fromOf(host, id)?.from, { tree: FIRST.root, attempt: 1 })

  const bare = await running(server, host, { checkpoint: [] })
  leaves(host, bare, FIRST)
  const again = await server.until(bare, begun(2))
  assert.deepEqual([again.checkpoint, fromOf(host, bare)], [undefined, { globs: [], from: null }])
})

test("what does not come is waited for as long as is said, then the job begins without it; the host may forget then", async () => {
  const clock = new MovedClock()
  await using server = await TestServer.start({ clock })
  const host = await server.hosts.join("alpha")
  const id = await running(server, host)
  host.giveOutputs = async function* (_, signal) {
    yield* []
    host.cut()
    await untilAborted(signal)
  }
  leaves(host, id, FIRST)
  await server.until(id, ({ state }) => state === "queued")
  const other = await server.hosts.join("beta")
  other.script = runsOn
  const why = await server.call<WhyAnswer>("GET", `/v1/jobs/${id}/why`)
  assert.equal(why.code, "checkpoint_coming")
  assert.match(why.summary, /^Waits for what attempt 1 wrote on alpha, /)
  clock.advance(CHECKPOINT_WAIT_MS - 60_000)
  await server.running.core.ledger.change(() => server.running.core.wakePlanner())
  assert.equal((await server.job(id)).attempts.length, 1)
  clock.advance(60_000)
  const job = await server.until(id, begun(2))
  assert.match(job.checkpoint?.problem ?? "", /^what attempt 1 wrote had not come when attempt 2 began$/)
  assert.equal(fromOf(other, id)?.from, null)
  assert.ok(
    (await eventsOf(server, id)).some((event) => event.type === "notice" && /begins with what was/.test(event.message)),
  )
  assert.equal(host.said.filter(({ type }) => type === "forget").length, 0)
  host.connect()
  await server.running.core.ledger.change(() => {})
  assert.equal(host.said.filter(({ type }) => type === "forget").length, 1)
})

test("a server that dies while it fetches what an attempt wrote waits for it anew, and then has it", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  const id = await running(server, host)
  const give = host.giveOutputs
  const asked = Promise.withResolvers<void>()
  host.giveOutputs = async function* (_, signal) {
    yield* []
    asked.resolve()
    await untilAborted(signal)
  }
  leaves(host, id, FIRST)
  await asked.promise
  await server.stop()
  host.giveOutputs = give
  server.hosts.autoConnect = false
  await server.start()
  const waiting = await server.job(id)
  assert.deepEqual([waiting.state, waiting.checkpoint?.awaited?.attempt], ["queued", 1])
  host.connect()
  await server.until(id, begun(2))
  assert.deepEqual(fromOf(host, id)?.from, { tree: FIRST.root, attempt: 1 })
})

test("a host that gives what is not what it told costs the job that checkpoint, not its run", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  const id = await running(server, host)
  leaves(host, id, FIRST)
  await server.until(id, begun(2))
  const attempt = attemptOf(host, id)
  const bad = Buffer.from("not a tree")
  host.blobs.write(hashBytes(bad), bad)
  attempt.outputs = { tree: hashBytes(bad), files: 1, bytes: 2 }
  host.finish(attempt, { cause: "owner_returned", signal: 15 })
  const job = await server.until(id, begun(3))
  assert.match(job.checkpoint?.problem ?? "", /^what attempt 2 wrote could not be had from alpha/)
  assert.deepEqual(fromOf(host, id)?.from, { tree: FIRST.root, attempt: 1 })
})

test("who stops a job that waits for its checkpoint waits for nothing, and the host is told to forget", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  const id = await running(server, host)
  const give = host.giveOutputs
  const stopped = Promise.withResolvers<void>()
  host.giveOutputs = async function* (hashes, signal) {
    await stopped.promise
    yield* give(hashes, signal)
  }
  leaves(host, id, FIRST)
  await server.until(id, ({ state }) => state === "queued")
  assert.equal((await server.call<JobView>("POST", `/v1/jobs/${id}/stop`, { now: false })).state, "cancelled")
  stopped.resolve()
  const { core } = server.running
  while (!host.said.some(({ type }) => type === "forget")) await core.ledger.change(() => {})
  assert.equal((await server.job(id)).attempts.length, 1)
})

test("after a crash only a checkpoint that was named is taken; what a lost host had is told to be lost", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  const retry = { limit: 3, afterSilenceMs: null, once: false }
  const id = await running(server, host, { retry })
  leaves(host, id, FIRST, "host_crashed")
  const job = await server.until(id, begun(2))
  assert.match(job.checkpoint?.problem ?? "", /^alpha crashed while attempt 1 wrote$/)
  host.cut()
  host.attempts.clear()
  host.connect()
  const lost = await server.until(id, begun(3))
  assert.equal(lost.checkpoint?.problem, "what attempt 2 wrote is lost with its host")
})

test("what a silent host wrote is taken when it is back before the job begins anew", async () => {
  const clock = new MovedClock()
  await using server = await TestServer.start({ clock })
  const late = await server.hosts.join("alpha")
  const id = await running(server, late, { retry: { limit: 1, afterSilenceMs: 3_600_000, once: false } })
  late.cut()
  await server.until(id, ({ attempts }) => attempts[0]!.outOfContactSince !== null)
  clock.advance(4_000_000)
  const waiting = await server.until(id, ({ state }) => state === "queued")
  assert.equal(waiting.checkpoint?.awaited?.attempt, 1)
  const why = await server.call<WhyAnswer>("GET", `/v1/jobs/${id}/why`)
  assert.notEqual(why.code, "checkpoint_coming")
  leaves(late, id, FIRST, "link_lost")
  late.connect()
  await server.until(id, begun(2))
  assert.deepEqual(fromOf(late, id)?.from, { tree: FIRST.root, attempt: 1 })
})

test("a kept checkpoint outlives what is tidied as long as its job has not ended; damaged, the job begins without", async () => {
  const clock = new MovedClock()
  await using server = await TestServer.start({ clock })
  const host = await server.hosts.join("alpha")
  const id = await running(server, host)
  host.script = () => {}
  leaves(host, id, FIRST)
  await server.until(id, ({ attempts, state }) => attempts.length === 2 && state === "starting")
  clock.advance(KEEP_LOOSE_BLOBS_MS * 2)
  await tidy(server.running.core)
  const { blobs } = server.running.core.blobs.of("admin")
  assert.deepEqual(blobs.missing(FIRST.blobs.keys()), [])
  blobs.drop(FIRST.files["count.txt"]!)
  host.script = runsOn
  host.refuse(attemptOf(host, id), "owner_returned")
  await server.until(id, ({ state }) => state === "queued")
  clock.advance(10_000)
  const job = await server.until(id, begun(3))
  assert.equal(job.checkpoint?.problem, "what attempt 1 wrote is damaged or gone on the server's disk")
  assert.equal(fromOf(host, id)?.from, null)
})

test("a checkpoint found damaged when it is sent costs the job nothing but that", async () => {
  const clock = new MovedClock()
  await using server = await TestServer.start({ clock })
  const host = await server.hosts.join("alpha")
  const id = await running(server, host)
  const file = FIRST.files["count.txt"]!
  const { hear } = host
  host.hear = (channel, message) => {
    if (message.type === "start" && message.order.number === 2) {
      host.blobs.drop(file)
      damageBlob(server.running.core.blobs.of("admin").blobs, file)
    }
    hear.call(host, channel, message)
  }
  leaves(host, id, FIRST)
  const waiting = await server.until(id, ({ attempts, state }) => attempts.length === 2 && state === "queued")
  assert.equal(waiting.attempts[1]?.cause, "workspace_failed")
  assert.match(waiting.checkpoint?.problem ?? "", /^what attempt 1 wrote is damaged or gone on the server's disk$/)
  clock.advance(10_000)
  await server.until(id, begun(3))
  assert.equal(fromOf(host, id)?.from, null)
})
