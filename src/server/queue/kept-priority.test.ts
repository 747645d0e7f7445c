import assert from "node:assert/strict"
import { describe, it, test } from "node:test"
import { runsOn } from "../../../test/support/simulated-host.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import type { WhyAnswer } from "../../protocol/api.ts"
import type { JobView } from "../../protocol/job.ts"
import type { QueueOrderView } from "../../protocol/queue-order.ts"
import { NO_QUEUE_REQUEST } from "../../protocol/queue-request.ts"

const ALL = { resources: { memoryBytes: null, gpus: null, cores: 2 } }

async function start(policy: string): Promise<TestServer> {
  const server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.script = runsOn
  await apply(server, policy)
  return server
}

const apply = (server: TestServer, text: string) => server.call("POST", "/v1/policy", { text, dryRun: false })
const order = (server: TestServer) => server.call<QueueOrderView>("GET", "/v1/queue/order")

function ranks(vision: number, robots: number): string {
  return `
accounts: { vision: { rank: ${vision}, users: [ann] }, robots: { rank: ${robots} } }
default-account: robots
priority: { weights: { association: 1000 }, never-falls: true }
`
}

test("with never-falls a waiting job keeps the highest priority it had, past a restart, until its nice is changed", async () => {
  await using server = await start(ranks(10, 1))
  const ann = { token: await server.userToken("ann") }
  const first = await server.submit(ALL)
  await server.untilState(first.id, "running")
  const job = await server.submit(ALL, ann)
  const priority = async () => (await order(server)).entries.find((one) => one.job === job.id)?.priority
  assert.equal(await priority(), 1000)
  await apply(server, ranks(1, 10))
  assert.equal(await priority(), 1000)
  await server.stop()
  await server.start()
  assert.equal(await priority(), 1000)
  const why = await server.call<WhyAnswer>("GET", `/v1/jobs/${job.id}/why`)
  assert.deepEqual(
    why.priority?.rows.filter(({ points }) => points !== 0).map(({ factor, points }) => [factor, points]),
    [
      ["association", 100],
      ["kept", 900],
    ],
  )
  await server.call("POST", `/v1/jobs/${job.id}/nice`, { nice: 10 }, ann)
  assert.equal(await priority(), 90)
})

describe("a job that was requeued", () => {
  for (const [slurmAge, words] of [
    [false, "keeps its age and goes first"],
    [true, "has lost its age with slurm-age, as in Slurm"],
  ] as const) {
    it(words, async () => {
      await using server = await start(`
qos: { urgent: { rank: 10, preempts: [normal] } }
preemption: { by: qos, mode: requeue }
priority: { slurm-age: ${slurmAge} }
`)
      const submit = async (qos: string | null): Promise<JobView> =>
        server.submit({ ...ALL, queue: { ...NO_QUEUE_REQUEST, qos } })
      const first = await submit(null)
      await server.untilState(first.id, "running")
      const second = await submit(null)
      const urgent = await submit("urgent")
      await server.untilState(urgent.id, "running")
      await server.untilState(first.id, "queued")
      const { entries } = await order(server)
      const both = [first.id, second.id]
      assert.deepEqual(
        entries.map(({ job }) => job),
        slurmAge ? both.toReversed() : both,
      )
    })
  }
})
