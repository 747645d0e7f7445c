import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { runsOn } from "../../../test/support/simulated-host.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import { NO_QUEUE_REQUEST } from "../../protocol/queue-request.ts"
import { currentPolicy } from "../policy/pool-policy.ts"
import { KeptJobs } from "./kept-jobs.ts"
import { sceneOf } from "./scene.ts"

const ALL = { resources: { memoryBytes: null, gpus: null, cores: 2 } }
/** So much that there is something to be given up. */
const POLICY = "priority: { weights: { age: 1000, size: 100000 } }\n"
const OTHER_POLICY = "priority: { weights: { size: 10 } }\nqos: { normal: {}, urgent: { rank: 1 } }\n"

const actions = fc.array(
  fc.record({
    what: fc.constantFrom("send", "send", "nice", "hold", "release", "time", "stop", "end", "policy"),
    which: fc.nat(30),
  }),
  { minLength: 10, maxLength: 25 },
)

test("waiting jobs are kept as they would be made anew, whatever happens to them", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.script = runsOn
  await server.call("POST", "/v1/policy", { text: POLICY, dryRun: false })
  const { core } = server.running
  const kept = new KeptJobs(core)
  let version = 0
  const act = async (what: string, which: number): Promise<void> => {
    const waiting = [...core.table.all()].filter(({ state }) => state === "queued" || state === "held")
    const job = waiting[which % Math.max(1, waiting.length)]?.id
    const post = (path: string, body: unknown) => server.call("POST", `/v1/jobs/${job}/${path}`, body)
    if (what === "send" || job === undefined) {
      await server.submit({ ...ALL, queue: { ...NO_QUEUE_REQUEST, nice: which } })
    } else if (what === "policy") {
      const text = ++version % 2 === 0 ? POLICY : OTHER_POLICY
      await server.call("POST", "/v1/policy", { text, dryRun: false })
    } else if (what === "nice") await post("nice", { nice: which * 10 })
    else if (what === "time") await post("time", { timeLimitMs: 60_000 * (1 + which) })
    else if (what === "stop") await post("stop", { now: true })
    else if (what === "end") {
      for (const attempt of host.attempts.values()) if (attempt.phase === "running") host.finish(attempt)
    } else await post(what, {})
  }
  await fc.assert(
    fc.asyncProperty(actions, async (history) => {
      for (const { what, which } of history) {
        await act(what, which)
        const policy = currentPolicy(core)
        const anew = sceneOf(core, policy, core.clock.now()).waiting
        const jobs = kept.all(policy)
        assert.deepEqual(jobs, anew)
        const again = kept.all(policy)
        assert.ok(jobs.every((job, at) => job === again[at]))
      }
    }),
    { numRuns: 5 },
  )
})

test("in a long queue jobs start in its order one after the other, and each is told its place", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.script = runsOn
  await server.call("POST", "/v1/policy", { text: POLICY, dryRun: false })
  const first = await server.submit(ALL)
  await server.untilState(first.id, "running")
  const count = 2_000
  // Who is sent later has given up less.
  const specs = Array.from({ length: count }, (_, at) => ({
    ...first.spec,
    queue: { ...NO_QUEUE_REQUEST, nice: count - at },
  }))
  const { jobs } = await server.call<{ jobs: number[] }>("POST", "/v1/jobs/batch", { specs })
  const inOrder = jobs.toReversed()
  for (const [at, id] of inOrder.slice(0, 10).entries()) {
    for (const attempt of host.attempts.values()) if (attempt.phase === "running") host.finish(attempt)
    await server.untilState(id as typeof first.id, "running")
    const next = await server.job(inOrder[at + 1] as typeof first.id)
    assert.deepEqual([next.state, next.place], ["queued", 1])
    const last = await server.job(jobs[0] as typeof first.id)
    assert.equal(last.place, count - at - 1)
  }
})
