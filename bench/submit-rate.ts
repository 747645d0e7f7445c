import { randomUUID } from "node:crypto"
import { runsOn } from "../test/support/simulated-host.ts"
import { TestServer, taskSpec } from "../test/support/test-server.ts"
import type { Benchmark } from "./benchmark.ts"
import type { Figure } from "./figure.ts"

const HOSTS = 4
const BATCH = 500
/** Of each way of sending. */
const ROUNDS = 20
const AT_ONCE = 64
const POLICY = `
accounts: { lab: { users: [admin], shares: 10 }, default: {} }
default-account: default
priority: { weights: { age: 1000, fair-share: 5000, size: 100 } }
`
/** As much as a host has, so that they wait. */
const WAITS = taskSpec({ resources: { memoryBytes: null, gpus: null, cores: 2 }, timeLimitMs: 3_600_000 })

export const submitRate: Benchmark = {
  name: "submit-rate",
  about: `Jobs sent over HTTP to a server that plans by a policy and whose ${HOSTS} hosts are busy, each answered once it is on disk: in batches of ${BATCH}, and one by one with ${AT_ONCE} under way at once, each request with an idempotency key of its own. All of them wait. Sender and server share one process.`,
  async run(): Promise<readonly Figure[]> {
    await using server = await TestServer.start()
    await server.call("POST", "/v1/policy", { text: POLICY, dryRun: false })
    for (let at = 0; at < HOSTS; at++) (await server.hosts.join(`mac-${at}`)).script = runsOn
    const batches: number[] = []
    for (let round = -2; round < ROUNDS; round++) {
      const specs = Array.from({ length: BATCH }, () => WAITS)
      const startedMs = performance.now()
      await server.call("POST", "/v1/jobs/batch", { specs }, { key: randomUUID() })
      if (round >= 0) batches.push(rate(BATCH, startedMs))
    }
    const singles: number[] = []
    for (let round = -2; round < ROUNDS; round++) {
      const startedMs = performance.now()
      await Promise.all(Array.from({ length: AT_ONCE }, () => server.submit(WAITS, { key: randomUUID() })))
      if (round >= 0) singles.push(rate(AT_ONCE, startedMs))
    }
    return [
      {
        what: `in batches of ${BATCH}`,
        unit: "jobs/s",
        values: batches,
        bounds: [{ of: "median", least: 5_000 }],
      },
      { what: `one by one, ${AT_ONCE} at once`, unit: "jobs/s", values: singles },
    ]
  },
}

function rate(jobs: number, startedMs: number): number {
  return jobs / ((performance.now() - startedMs) / 1_000)
}
