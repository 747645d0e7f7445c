import type { EnvironmentSpec } from "../src/protocol/environment.ts"
import type { JobSpec } from "../src/protocol/job.ts"
import type { Pool } from "../test/support/pool.ts"
import type { Benchmark, Surroundings } from "./benchmark.ts"
import type { Figure } from "./figure.ts"
import { readStamp, WallClock } from "./wall-clock.ts"

const PAIRS = 50
const COMMAND = ["/bin/sh", "-c", "date +%s%N"]
const ENVIRONMENT: EnvironmentSpec = { kind: "packages", files: [], python: null, with: [], setup: [] }

export const warmEnvironment: Benchmark = {
  name: "warm-environment",
  about:
    "One job at a time on an idle host, by turns without an environment and in one that is built: from the API's request to the command's first instruction. The host's uv comes from a package index, once.",
  async run({ pool: started }: Surroundings): Promise<readonly Figure[]> {
    const pool = await started()
    const host = pool.hosts[0]!.name
    const clock = new WallClock()
    await startOf(pool, clock, { host, environment: ENVIRONMENT }) // builds it
    const without: number[] = []
    const within: number[] = []
    for (let i = 0; i < PAIRS; i++) {
      without.push(await startOf(pool, clock, { host }))
      within.push(await startOf(pool, clock, { host, environment: ENVIRONMENT }))
    }
    const added = within.map((value, i) => value - without[i]!)
    return [
      { what: "request to start, no environment", unit: "ms", values: without },
      { what: "request to start, warm environment", unit: "ms", values: within },
      { what: "what the environment adds", unit: "ms", values: added, bounds: [{ of: "median", most: 50 }] },
    ]
  },
}

/** Milliseconds from the request to the command's first instruction. */
async function startOf(pool: Pool, clock: WallClock, change: Partial<JobSpec>): Promise<number> {
  const sentMs = clock.now()
  const { id } = await pool.submit({ command: COMMAND, ...change })
  const { state, reason } = await pool.awaitJob(id)
  if (state !== "succeeded") throw new Error(`job ${id} ended as ${state}: ${reason}`)
  return readStamp((await pool.log(id)).toString()) - sentMs
}
