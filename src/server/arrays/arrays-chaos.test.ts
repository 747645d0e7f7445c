import assert from "node:assert/strict"
import { test } from "node:test"
import { runsOn } from "../../../test/support/simulated-host.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import { IndexSet } from "../../base/index-set.ts"
import type { JobList } from "../../protocol/api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { JobView } from "../../protocol/job.ts"
import { isFinal } from "../../protocol/job-state.ts"

const ACTS = 60
const TASKS = 40
const SMALL = { resources: { memoryBytes: null, gpus: 0, cores: 1 } }

/** A generator of numbers from 0 to 1 that gives the same ones again for a seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Each task stands in one place alone, and what is counted is what there is. */
async function check(server: TestServer, id: number): Promise<JobView> {
  // In this order: what begins in between has left its set by then.
  const { jobs } = await server.call<JobList>("GET", `/v1/jobs?array=${id}&limit=1000`)
  const view = await server.call<JobView>("GET", `/v1/jobs/${id}`)
  const { array } = view
  assert.ok(array !== undefined)
  const sets = [array.waiting, array.held, array.blocked].map((text) => IndexSet.parse(text))
  const seen = new Set<number>()
  for (const index of [...sets.flatMap((set) => [...set]), ...jobs.map(({ task }) => task!.index)]) {
    assert.ok(!seen.has(index), `task ${index} stands twice`)
    seen.add(index)
  }
  assert.equal(
    Object.values(array.counts).reduce((sum, count) => sum + count, 0),
    TASKS,
  )
  return view
}

for (const seed of [1, 2, 3]) {
  test(`whatever is asked of an array, and however often its server ends, no task begins twice and none is lost (seed ${seed})`, async () => {
    await using server = await TestServer.start()
    const random = randomFrom(seed)
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
    const hosts = [await server.hosts.join("alpha", { cores: 4 }), await server.hosts.join("beta", { cores: 4 })]
    for (const host of hosts) host.script = runsOn
    const retry = { limit: 5, afterSilenceMs: null, once: false }
    const { id } = await server.submit({ ...SMALL, retry, array: `0-${TASKS - 1}%5` })
    const ask = async (target: string, verb: string, body: unknown = {}) => {
      try {
        await server.call("POST", `/v1/jobs/${encodeURIComponent(target)}/${verb}`, body)
      } catch (error) {
        // Asked of what stands otherwise by now.
        if (!(error instanceof WindfallError) || error.code !== "wrong_state") throw error
      }
    }
    const some = () => {
      const first = Math.floor(random() * TASKS)
      return pick([`${id}_${first}`, `${id}_[${first}-${Math.min(TASKS - 1, first + 3)}]`])
    }
    const acts: readonly (() => Promise<void>)[] = [
      () => ask(some(), "stop", { now: false }),
      () => ask(some(), "hold"),
      () => ask(some(), "release"),
      () => ask(some(), "time", { timeLimitMs: 60_000 }),
      () => ask(`${id}`, pick(["hold", "release", "release"])),
      () => ask(`${id}`, "throttle", { atOnce: pick([1, 3, 8, null]) }),
      async () => {
        await server.stop()
        await server.start()
      },
      async () => {
        const host = pick(hosts)
        host.cut()
        host.connect()
      },
    ]
    const finishOne = () => {
      const running = hosts.flatMap((host) =>
        [...host.attempts.values()].flatMap((attempt) => (attempt.phase === "running" ? [{ host, attempt }] : [])),
      )
      if (running.length === 0) return
      const { host, attempt } = pick(running)
      host.finish(attempt, { exitCode: pick([0, 0, 3]) })
    }
    for (let act = 0; act < ACTS; act++) {
      if (random() < 0.5) finishOne()
      else await pick(acts)()
      await check(server, id)
    }
    await ask(`${id}`, "throttle", { atOnce: null })
    await ask(`${id}`, "release")
    await ask(`${id}_[0-${TASKS - 1}]`, "release")
    for (let view = await check(server, id); !isFinal(view.state); view = await check(server, id)) finishOne()
    const begun = new Map<number, number>()
    for (const host of hosts) for (const [job, times] of host.begun) begun.set(job, (begun.get(job) ?? 0) + times)
    const { jobs } = await server.call<JobList>("GET", `/v1/jobs?array=${id}&limit=1000`)
    for (const { id: job, attempts, state } of jobs) {
      assert.ok(isFinal(state))
      assert.ok((begun.get(job) ?? 0) <= attempts.length, `job ${job} was begun more often than it was tried`)
    }
    assert.deepEqual(server.troubles, [])
  })
}
