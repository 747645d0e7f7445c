import assert from "node:assert/strict"
import { test } from "node:test"
import { MessageReceiver } from "../../../test/support/message-receiver.ts"
import { MovedClock } from "../../../test/support/moved-clock.ts"
import { runsOn, type SimulatedAttempt, type SimulatedHost } from "../../../test/support/simulated-host.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import type { JobId } from "../../protocol/ids.ts"
import type { NotifyBody } from "../../protocol/notify-api.ts"
import { idleMs } from "./activity.ts"

const MINUTE_MS = 60_000

async function begin() {
  const clock = new MovedClock()
  const server = await TestServer.start({ clock, limits: { notifyPrivate: true } })
  const receiver = await MessageReceiver.start()
  await server.call("PUT", "/v1/notify", { targets: [receiver.at("/hook")] })
  const told = async (count: number) =>
    (await receiver.until(count))
      .map(({ body }) => JSON.parse(body) as NotifyBody)
      .map(({ type, data }) => ({ type, data }))
  return {
    clock,
    server,
    receiver,
    told,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await receiver[Symbol.asyncDispose]()
    },
  }
}

/** Moves on, in the steps in which a watch looks. */
async function pass(clock: MovedClock, ms: number, stepMs = MINUTE_MS): Promise<void> {
  for (let passed = 0; passed < ms; passed += stepMs) {
    clock.advance(stepMs)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

test("a job that waits for long is told of once, with the reason, and again when it waits anew", async () => {
  await using scene = await begin()
  const { clock, server, told, receiver } = scene
  const host = await server.hosts.join("alpha")
  host.script = runsOn
  const resources = { memoryBytes: 1024 ** 3, gpus: null, cores: 2 }
  await server.submit({ resources })
  await server.untilState(1 as JobId, "running")
  const { id } = await server.submit({ name: "later", resources })
  await pass(clock, 59 * MINUTE_MS)
  assert.equal(receiver.received.length, 0)
  await pass(clock, 5 * MINUTE_MS)
  const [first] = await told(1)
  assert.equal(first?.type, "job.waiting")
  assert.match(first?.data.text ?? "", /^job 2 \(later\) still waits\nfor 1h 0\dm: .*beside job 1\nwindfall why 2$/)
  await pass(clock, 180 * MINUTE_MS)
  assert.equal(receiver.received.length, 1)
  assert.equal(server.running.core.store.notify.told().length, 1)
  // What is told is remembered beyond the server's end, and forgotten with the job's.
  await server.stop()
  await server.start()
  await pass(clock, 10 * MINUTE_MS)
  assert.equal(receiver.received.length, 1)
  await server.call("POST", `/v1/jobs/${id}/stop`, { now: false })
  assert.deepEqual(server.running.core.store.notify.told(), [])
})

test("a job that neither prints nor uses the CPU is told of as standing still, once", async () => {
  await using scene = await begin()
  const { clock, server, told, receiver } = scene
  const host = await server.hosts.join("alpha")
  const begun = new Promise<SimulatedAttempt>((resolve) => {
    host.script = (simulated, attempt) => {
      simulated.begin(attempt)
      simulated.print(attempt, "stdout", "epoch 1\n")
      resolve(attempt)
    }
  })
  const { id } = await server.submit({
    notify: { targets: null, on: { reasons: ["stalled"], stalledMs: 600_000, waitingMs: 1_000 } },
  })
  const attempt = await begun
  await server.untilState(id, "running")
  let cpuMs = 1_000
  const look = async (change: { readonly cpuMs?: number; readonly processes?: number } = {}) => {
    await pass(clock, MINUTE_MS)
    await sampled(server, host, attempt, { cpuMs, processes: 3, ...change })
  }
  const busy = async (moreMs: number) => {
    cpuMs += moreMs
    await look()
  }
  await look()
  // A busy job, then one whose processes change, then one that prints: none stands still.
  for (let minute = 0; minute < 30; minute++) await busy(5_000)
  for (let minute = 0; minute < 30; minute++) await look({ processes: minute })
  for (let minute = 0; minute < 30; minute++) {
    host.print(attempt, "stdout", ".")
    await look()
  }
  // One that only wakes up now and then does, as far as it was looked at.
  for (let minute = 0; minute < 9; minute++) await busy(5)
  await pass(clock, 60 * MINUTE_MS)
  assert.equal(receiver.received.length, 0)
  for (let minute = 0; minute < 3; minute++) await look()
  await pass(clock, MINUTE_MS)
  const [message] = await told(1)
  assert.equal(message?.type, "job.stalled")
  assert.match(
    message?.data.text ?? "",
    /^job 1 seems to stand still on alpha\nno output, and hardly any CPU used, for .*\n.*epoch 1\n.*windfall shell 1$/s,
  )
  for (let minute = 0; minute < 30; minute++) await look()
  assert.equal(receiver.received.length, 1)
})

test("without CPU times, as from an agent of the release before, no job stands still", async () => {
  await using scene = await begin()
  const { clock, server, receiver } = scene
  const host = await server.hosts.join("alpha")
  host.script = runsOn
  const { id } = await server.submit()
  await server.untilState(id, "running")
  const [attempt] = host.attempts.values()
  for (let minute = 0; minute < 90; minute++) {
    await pass(clock, MINUTE_MS)
    await sampled(server, host, attempt!, { processes: 1 })
  }
  assert.equal(receiver.received.length, 0)
})

test("an attempt that ends with its host and is tried again is told of as having had to leave", async () => {
  await using scene = await begin()
  const { server, told } = scene
  const host = await server.hosts.join("alpha")
  host.script = runsOn
  const { id } = await server.submit({ retry: { limit: 1, afterSilenceMs: null, once: false } })
  await server.untilState(id, "running")
  const [attempt] = host.attempts.values()
  host.finish(attempt!, { cause: "host_restarted" })
  const [message] = await told(1)
  assert.equal(message?.type, "job.vacated")
  assert.match(
    message?.data.text ?? "",
    /^job 1 had to leave alpha and waits again\nhost restarted.*\nwindfall why 1$/s,
  )
  assert.equal(message?.data.job?.state, "queued")
})

test("a target that takes nothing is tried less and less often, and its message is given up after a day", async () => {
  await using scene = await begin()
  const { clock, server, receiver } = scene
  await server.hosts.join("alpha")
  receiver.answer = () => ({ status: 500 })
  await server.untilEnded((await server.submit()).id)
  const tries: number[] = []
  for (let minute = 0; minute < 26 * 60; minute++) {
    const target = [...server.running.core.notify.all()][0]
    const before = target?.failures ?? 0
    if (target !== undefined && server.running.core.notify.waitingFor(target.id) > 0 && target.nextAt <= clock.now()) {
      while ((target?.failures ?? 0) === before) await new Promise((resolve) => setImmediate(resolve))
      tries.push(minute)
    }
    clock.advance(MINUTE_MS)
  }
  const [target] = server.running.core.notify.all()
  assert.deepEqual([target?.dropped, server.running.core.notify.waitingFor(target!.id)], [1, 0])
  assert.ok(tries.length >= 25 && tries.length <= 40, `tried at ${tries.join(" ")}`)
  assert.equal(new Set(receiver.received.map(({ headers }) => headers["webhook-id"])).size, 1)
})

/** Tells what an agent's look found, and resolves once the server knows. */
async function sampled(
  server: TestServer,
  host: SimulatedHost,
  attempt: SimulatedAttempt,
  found: { readonly cpuMs?: number; readonly processes: number },
): Promise<void> {
  const { core } = server.running
  const record = core.table.attempt(attempt.order.attempt)?.attempt
  const memoryBytes = (record?.peakMemoryBytes ?? 0) + 1
  const attempts = [{ sequence: attempt.order.sequence, memoryBytes, ...found }]
  host.tell({ type: "sample", at: 0, memoryFreeBytes: 1e9, diskFreeBytes: 1e9, load: 0, attempts })
  while (record !== undefined && record.peakMemoryBytes !== memoryBytes) {
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.ok(record === undefined || idleMs(record) >= 0)
}
