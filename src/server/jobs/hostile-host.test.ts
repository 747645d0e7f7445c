/** Hosts that say what they have and then do not give it, or give something else. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { MovedClock } from "../../../test/support/moved-clock.ts"
import { runsOn, type SimulatedAttempt, type SimulatedHost } from "../../../test/support/simulated-host.ts"
import { makesOutputs, treeOf } from "../../../test/support/small-trees.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import { checkAgentMessage } from "../../protocol/agent-check.ts"
import { encodeOutput, FrameReader, MAX_STREAM_BYTES } from "../../protocol/frames.ts"
import { type JobId, makeId } from "../../protocol/ids.ts"
import type { JobView } from "../../protocol/job.ts"
import { isFinal } from "../../protocol/job-state.ts"
import { encodePack } from "../../workspace/pack.ts"
import { bytesBlob } from "../../workspace/sources.ts"
import { tidy } from "../retention.ts"
import { TRIES } from "./patience.ts"

const MINUTE_MS = 60_000
const tree = treeOf({ result: "made" })

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** Never sends a byte, until it is told to leave off. */
async function* hangs(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }))
}

/** Moves the clock on each time the job says that another try was in vain, until it has ended. Returns what it said. */
async function outwait(server: TestServer, clock: MovedClock, id: JobId, stepMs = MINUTE_MS): Promise<string[]> {
  const said: string[] = []
  for (;;) {
    const job = await server.until(
      id,
      ({ state, reason }) => isFinal(state) || (reason !== null && !said.includes(reason)),
    )
    if (isFinal(job.state)) return said
    said.push(job.reason!)
    clock.advance(stepMs)
  }
}

function forgets(host: SimulatedHost): number {
  return host.said.filter(({ type }) => type === "forget").length
}

/** Resolves once everything asked for until now is durable and told. */
async function settled(server: TestServer): Promise<void> {
  await server.running.core.ledger.change(() => {})
}

/** Tells of the end of a command, with 5 bytes more of output than come. */
function endsShort(host: SimulatedHost, attempt: SimulatedAttempt): void {
  host.begin(attempt)
  host.print(attempt, "stdout", "begin")
  attempt.text.stderr = Buffer.from("rest\n")
  const { attempt: id, sequence } = attempt.order
  const exit = { cause: "exited", exitCode: 3, signal: null, startedAt: 1, endedAt: 2 } as const
  const whole = { ...exit, peakMemoryBytes: null, message: null }
  host.tell({ type: "exited", attempt: id, sequence, exit: whole, stdoutBytes: 5, stderrBytes: 5 })
  host.tell({ type: "swept", attempt: id, sequence })
  host.tell({ type: "outputs", attempt: id, sequence, tree: null, files: 0, bytes: 0, problem: null })
}

test("a host that never sends the files it told of is asked so often, then the job ends; at a later contact they come", async () => {
  const clock = new MovedClock()
  await using server = await TestServer.start({ clock })
  const host = await server.hosts.join("alpha")
  host.script = makesOutputs(tree)
  const honest = host.giveOutputs
  host.giveOutputs = nothing
  const { id } = await server.submit()
  const said = await outwait(server, clock, id)
  assert.deepEqual(
    said,
    Array.from({ length: TRIES - 1 }, (_, i) => {
      return `its files do not come from alpha (try ${i + 1} of ${TRIES}): it sent none of the files it told of`
    }),
  )
  const job = await server.job(id)
  assert.deepEqual([job.state, job.exitCode, job.outputs?.state, job.outputs?.late], ["succeeded", 0, "lost", true])
  assert.match(job.outputs?.problem ?? "", /^alpha was asked 8 times and did not give them: it sent none/)
  await settled(server)
  assert.equal(forgets(host), 0, "it may still give them")
  // Said again over the same link, it is not asked for again.
  const asked: number[] = []
  host.giveOutputs = (hashes) => {
    asked.push(hashes.length)
    return nothing()
  }
  const attempt = [...host.attempts.values()][0]!
  host.finish(attempt, { exitCode: 0 })
  await settled(server)
  assert.deepEqual(asked, [])
  host.giveOutputs = honest
  host.connect()
  while (forgets(host) === 0) await settled(server)
  const late = await server.job(id)
  assert.deepEqual([late.state, late.outputs], ["succeeded", { state: "ready", tree: tree.root, files: 1, bytes: 4 }])
})

test("files that never came are waited for no longer than files are kept", async () => {
  const clock = new MovedClock()
  await using server = await TestServer.start({ clock })
  const host = await server.hosts.join("alpha")
  host.script = makesOutputs(tree)
  host.giveOutputs = nothing
  const { id } = await server.submit()
  await outwait(server, clock, id)
  const { core } = server.running
  await tidy(core)
  assert.equal(forgets(host), 0)
  clock.advance(core.limits.keepFilesMs + MINUTE_MS)
  await tidy(core)
  assert.equal(forgets(host), 1)
  assert.deepEqual([(await server.job(id)).outputs?.state, (await server.job(id)).outputs?.late], ["lost", undefined])
})

test("a host that begins to answer and sends nothing more counts as one that fails", async () => {
  const clock = new MovedClock()
  await using server = await TestServer.start({ clock })
  const host = await server.hosts.join("alpha")
  host.script = makesOutputs(tree)
  const { id } = await server.submit({ host: "alpha" })
  await server.untilEnded(id)
  let asked = 0
  host.giveOutputs = (_, signal) => {
    asked++
    // Long enough for a request to count as failed, and for the wait before the next one.
    setImmediate(() => clock.advance(5 * MINUTE_MS))
    return hangs(signal)
  }
  host.script = makesOutputs(treeOf({ other: "made" }))
  const second = await server.submit()
  await outwait(server, clock, second.id, 5 * MINUTE_MS)
  const job = await server.job(second.id)
  assert.deepEqual([job.state, job.outputs?.state, asked], ["succeeded", "lost", TRIES])
  assert.match(job.outputs?.problem ?? "", /nothing came any more/)
})

test("a host that sends something else has lost the files at once, and may forget them", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.script = makesOutputs(tree)
  host.giveOutputs = () => encodePack([bytesBlob(tree.root, Buffer.from("not what it names"))])
  const { id } = await server.submit()
  const job = await server.untilEnded(id)
  assert.deepEqual([job.state, job.outputs?.state, job.outputs?.late], ["succeeded", "lost", undefined])
  while (forgets(host) === 0) await settled(server)
})

test("what a host says of globs counts only for the job's own", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.script = (there, { order: { attempt, sequence } }) => {
    const exit = { cause: "exited", exitCode: 0, signal: null, startedAt: 1, endedAt: 2 } as const
    const none = { tree: null, files: 0, bytes: 0, problem: null, unmatched: ["made-up", "b/*"] }
    there.tell({ type: "outputs", attempt, sequence, ...none })
    const whole = { ...exit, peakMemoryBytes: null, message: null }
    there.tell({ type: "exited", attempt, sequence, exit: whole, stdoutBytes: 0, stderrBytes: 0 })
    there.tell({ type: "swept", attempt, sequence })
    there.tell({ type: "outputs", attempt, sequence, ...none })
  }
  const { id } = await server.submit({ outputs: ["a", "b/*"] })
  assert.deepEqual((await server.untilEnded(id)).outputs?.unmatched, ["b/*"])
})

test("a host out of contact is waited for, however long", async () => {
  const clock = new MovedClock()
  await using server = await TestServer.start({ clock })
  const host = await server.hosts.join("alpha")
  host.script = endsShort
  const { id } = await server.submit()
  await server.untilState(id, "finishing")
  host.cut()
  await server.until(id, ({ attempts }) => attempts[0]?.outOfContactSince != null)
  for (let minute = 0; minute < 30; minute++) {
    clock.advance(MINUTE_MS)
    await settled(server)
  }
  assert.equal((await server.job(id)).state, "finishing")
  host.connect()
  host.finish([...host.attempts.values()][0]!, { exitCode: 3 })
  assert.equal((await server.untilEnded(id)).exitCode, 3)
})

test("output that a host told of and did not send is asked for again, and comes", async () => {
  const clock = new MovedClock()
  await using server = await TestServer.start({ clock })
  const host = await server.hosts.join("alpha")
  host.script = endsShort
  const { id } = await server.submit()
  await server.untilState(id, "finishing")
  clock.advance(MINUTE_MS)
  const job = await server.untilEnded(id)
  assert.deepEqual([job.state, job.exitCode, job.attempts[0]?.message], ["failed", 3, null])
  const log = await server.request("GET", `/v1/jobs/${id}/logs?stream=stderr`)
  assert.equal(await log.text(), "rest\n")
})

test("output that never comes is given up: the verdict stands, and the log says what is missing", async () => {
  const clock = new MovedClock()
  await using server = await TestServer.start({ clock })
  const host = await server.hosts.join("alpha")
  host.script = (there, attempt) => {
    endsShort(there, attempt)
    attempt.text.stderr = Buffer.alloc(0)
  }
  const { id } = await server.submit()
  await server.untilState(id, "finishing")
  clock.advance(MINUTE_MS)
  const said = await outwait(server, clock, id)
  assert.equal(said.length, TRIES)
  assert.match(said[0]!, /the rest of its output does not come from alpha \(asked 1 of 8 times\)/)
  const job = await server.job(id)
  assert.deepEqual([job.state, job.exitCode, job.outputs?.state], ["failed", 3, "none"])
  assert.match(job.attempts[0]?.message ?? "", /^5 B of its output is missing: alpha was asked 8 times/)
  const log = await server.request("GET", `/v1/jobs/${id}/logs?follow=true`)
  const frames = new FrameReader().read(new Uint8Array(await log.arrayBuffer()))
  const shown = frames.map((one) => (one.kind === "json" ? one.message : Buffer.from(one.output.bytes).toString()))
  assert.deepEqual(shown, ["begin", { gap: { stream: "stderr", from: 0, to: 5 } }])
  while (forgets(host) === 0) await settled(server)
})

test("a host that claims more output than there can be is not believed", () => {
  const exit = { cause: "exited", exitCode: 0, signal: null, startedAt: 1, endedAt: 2, peakMemoryBytes: null }
  const named = { attempt: makeId("a", new Uint8Array(16)), sequence: 1 }
  const claims = (stdoutBytes: number) =>
    checkAgentMessage({ type: "exited", ...named, exit: { ...exit, message: null }, stdoutBytes, stderrBytes: 0 })
  assert.ok(claims(MAX_STREAM_BYTES))
  assert.throws(() => claims(MAX_STREAM_BYTES + 1), { code: "corrupt_data" })
  const output = { sequence: 1, stream: "stdout", bytes: Buffer.from("xy") } as const
  const reads = (offset: number) => new FrameReader().read(encodeOutput({ ...output, offset }))
  assert.equal(reads(MAX_STREAM_BYTES - 2).length, 1)
  assert.throws(() => reads(MAX_STREAM_BYTES - 1), SyntaxError)
})

for (const away of [false, true]) {
  test(`stop gives up what has not come at once${away ? ", also of a host that is away" : ""}`, async () => {
    await using server = await TestServer.start()
    const host = await server.hosts.join("alpha")
    host.script = runsOn
    const { id } = await server.submit()
    await server.untilState(id, "running")
    const attempt = [...host.attempts.values()][0]!
    let left = false
    host.giveOutputs = (_, signal) => {
      signal.addEventListener("abort", () => (left = true))
      return hangs(signal)
    }
    for (const [hash, bytes] of tree.blobs) host.blobs.write(hash, bytes)
    attempt.outputs = { tree: tree.root, files: 1, bytes: 4 }
    host.finish(attempt, { exitCode: 4 })
    await server.untilState(id, "finishing")
    if (away) {
      host.cut()
      await server.until(id, ({ attempts }) => attempts[0]?.outOfContactSince != null)
    }
    const stopped = await server.call<JobView>("POST", `/v1/jobs/${id}/stop`, { now: false })
    assert.deepEqual([stopped.state, stopped.exitCode, stopped.outputs?.state], ["failed", 4, "lost"])
    assert.equal(stopped.outputs?.problem, "admin stopped the job before they had come")
    assert.equal(left, true, "nothing is fetched any more")
    if (away) host.connect()
    while (forgets(host) === 0) await settled(server)
    assert.equal((await server.job(id)).outputs?.state, "lost")
  })
}

test("stop ends the wait for output, too, and says that the end of the log may be missing", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.script = runsOn
  const { id } = await server.submit()
  await server.untilState(id, "running")
  const attempt = [...host.attempts.values()][0]!
  host.print(attempt, "stdout", "some")
  // Its agent tells of the end when it comes back, and never how much was printed.
  attempt.phase = "exited"
  attempt.exit = {
    cause: "exited",
    exitCode: 0,
    signal: null,
    startedAt: 1,
    endedAt: 2,
    peakMemoryBytes: 1,
    message: null,
  }
  host.cut()
  host.tell = () => {}
  host.connect()
  await server.untilState(id, "finishing")
  await server.call<JobView>("POST", `/v1/jobs/${id}/stop`, { now: false })
  const job = await server.untilEnded(id)
  assert.deepEqual([job.state, job.outputs?.state, job.attempts[0]?.logEnd], ["succeeded", "lost", "unknown"])
  assert.match(job.attempts[0]?.message ?? "", /the end of its output may be missing: admin stopped the job/)
  const log = await server.request("GET", `/v1/jobs/${id}/logs?stream=stdout&follow=true`)
  assert.equal(await log.text(), "some")
})
