import assert from "node:assert/strict"
import { test } from "node:test"
import { runsOn } from "../../../test/support/simulated-host.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import type { JobSpec } from "../../protocol/job.ts"
import { NO_QUEUE_REQUEST } from "../../protocol/queue-request.ts"

const POLICY = `
partitions:
  day: { longest-time: 2h, limits: { user: { submitted-jobs: 3 } } }
  week: { longest-time: 7d }
default-partition: day
qos:
  normal: {}
  strict: { denies-on-limit: true, limits: { group: { resources: { cpu: 1 } }, job: { wall-time: 1d } } }
`
const SMALL: Partial<JobSpec> = { resources: { memoryBytes: null, gpus: 0, cores: 1 } }
const asked = (qos: string, partitions: readonly string[], cores: number, hours: number | null): Partial<JobSpec> => ({
  resources: { memoryBytes: null, gpus: 0, cores },
  timeLimitMs: hours === null ? null : hours * 3_600_000,
  queue: { ...NO_QUEUE_REQUEST, qos, partitions },
})

async function start(): Promise<TestServer> {
  const server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.script = runsOn
  await server.call("POST", "/v1/policy", { text: POLICY, dryRun: false })
  return server
}

test("no more jobs of a user are taken than may wait or run, a batch counted as it comes", async () => {
  await using server = await start()
  const ann = { token: await server.userToken("ann") }
  const first = await server.submit(SMALL, ann)
  await server.untilState(first.id, "running")
  await server.submit({ ...SMALL, queue: { ...NO_QUEUE_REQUEST, hold: true } }, ann)
  const two = [0, 1].map(() => ({ ...SMALL, command: ["true"] }))
  await assert.rejects(server.call("POST", "/v1/jobs/batch", { specs: two }, ann), (error: Error) => {
    assert.match(error.message, /partition day allows 3 jobs waiting or running to one user: 3 now, 1 asked for/)
    assert.match(error.message, /job 2 of 2; none was accepted/)
    return true
  })
  await assert.rejects(server.submit({ ...SMALL, array: "1-2" }, ann), { message: /2 now, 2 asked for/ })
  await server.submit({ ...SMALL, array: "7" }, ann)
  await assert.rejects(server.submit(SMALL, ann), { code: "not_allowed" })
  await server.submit(SMALL, { token: await server.userToken("bob") })
  // In another partition there is no such limit.
  await server.submit({ ...SMALL, queue: { ...NO_QUEUE_REQUEST, partitions: ["day", "week"] } }, ann)
})

test("what would wait for ever is refused where its QOS denies that, and waits else", async () => {
  await using server = await start()
  await assert.rejects(server.submit(asked("strict", ["day"], 2, 1)), {
    code: "not_allowed",
    message: /it would never start, as QOS strict allows 1 cpu: 0 now, 2 asked for/,
  })
  await assert.rejects(server.submit(asked("strict", ["day"], 1, 3)), { message: /partition day allows 120 minutes/ })
  await assert.rejects(server.submit(asked("strict", ["week"], 1, 48)), { message: /QOS strict allows 1440 minutes/ })
  const other = await server.submit(asked("strict", ["day", "week"], 1, 3))
  await server.untilState(other.id, "running")
  const waits = await server.submit(asked("normal", ["day"], 1, 3))
  assert.equal((await server.job(waits.id)).state, "queued")
})

test("what a job on several hosts asks for is counted on all of them", async () => {
  await using server = await start()
  await server.hosts.join("beta")
  const gang = { hosts: 2, onMemberFailure: "end", outputsFrom: "main" } as const
  await assert.rejects(server.submit({ ...asked("strict", ["day"], 1, 1), gang }), {
    message: /it would never start, as QOS strict allows 1 cpu: 0 now, 2 asked for/,
  })
})
