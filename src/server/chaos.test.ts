import assert from "node:assert/strict"
import { test } from "node:test"
import type { SimulatedAttempt, SimulatedHost } from "../../test/support/simulated-host.ts"
import { TestServer, taskSpec } from "../../test/support/test-server.ts"
import type { JobId } from "../protocol/ids.ts"
import { isFinal } from "../protocol/job-state.ts"

/** A small generator of the same numbers for the same seed (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const TEXT = "0123456789".repeat(20)

/** Jobs that print a known text bit by bit whenever somebody calls `step`, then exit. */
class Work {
  readonly #random: () => number
  readonly #live = new Map<SimulatedAttempt, SimulatedHost>()

  constructor(random: () => number) {
    this.#random = random
  }

  readonly script = (host: SimulatedHost, attempt: SimulatedAttempt): void => {
    // Now and then the agent dies between making the folder and starting the command.
    if (this.#random() < 0.15) {
      host.cut()
      return
    }
    host.begin(attempt)
    this.#live.set(attempt, host)
  }

  step(): void {
    for (const [attempt, host] of this.#live) {
      if (attempt.phase === "exited") this.#live.delete(attempt)
      else if (attempt.text.stdout.length >= TEXT.length) {
        this.#live.delete(attempt)
        host.finish(attempt, { exitCode: 0 })
      } else {
        const end = attempt.text.stdout.length + Math.ceil(this.#random() * 90)
        host.print(attempt, "stdout", TEXT.slice(attempt.text.stdout.length, end))
      }
    }
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

for (const seed of [1, 2, 3, 4, 5]) {
  test(`nothing is lost and nothing runs twice through cut links and restarts (seed ${seed})`, async () => {
    const random = numbers(seed)
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
    await using server = await TestServer.start()
    const hosts = [await server.hosts.join("alpha"), await server.hosts.join("beta"), await server.hosts.join("gamma")]
    server.hosts.autoConnect = false
    const work = new Work(random)
    for (const host of hosts) host.script = work.script
    const sent = new Map<JobId, boolean>()
    for (let step = 0; step < 150; step++) {
      const dice = random()
      if (dice < 0.3 && sent.size < 40) {
        const once = random() < 0.5
        const { id } = await server.submit({ retry: { limit: 0, afterSilenceMs: null, once } })
        sent.set(id, once)
      } else if (dice < 0.45) pick(hosts).cut()
      else if (dice < 0.65) {
        const host = pick(hosts)
        if (!host.connected) host.connect()
      } else if (dice < 0.68) {
        await server.stop()
        await server.start()
      } else if (dice < 0.72) {
        const { jobs } = await server.call<{ jobs: JobId[] }>("POST", "/v1/jobs/batch", { specs: [taskSpec()] })
        for (const id of jobs) sent.set(id, false)
      } else work.step()
      await turn()
    }
    // Heal everything and let all work end.
    for (const host of hosts) {
      host.script = (there, attempt) => {
        there.begin(attempt)
        there.print(attempt, "stdout", TEXT.slice(attempt.text.stdout.length))
        there.finish(attempt, { exitCode: 0 })
      }
    }
    const { core } = server.running
    while (core.table.all()[Symbol.iterator]().next().done !== true) {
      for (const host of hosts) if (!host.connected) host.connect()
      work.step()
      await core.ledger.change(() => {})
      await turn()
    }
    for (const id of sent.keys()) {
      const job = await server.job(id)
      assert.ok(isFinal(job.state), `job ${id} has ended: ${JSON.stringify(job)}`)
      assert.equal(job.state, "succeeded", JSON.stringify(job))
      const begun = hosts.reduce((sum, host) => sum + (host.begun.get(id) ?? 0), 0)
      assert.equal(begun, 1, `job ${id} ran once`)
      const log = await server.request("GET", `/v1/jobs/${id}/logs?stream=stdout&follow=true`)
      assert.equal(await log.text(), TEXT)
    }
    for (const host of hosts)
      assert.deepEqual(
        [...host.attempts.values()].map(({ order, phase }) => [order.job, order.sequence, phase]),
        [],
        "hosts may forget everything",
      )
    assert.deepEqual(server.troubles, [])
  })
}
