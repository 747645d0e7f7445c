import type { JobId } from "../src/protocol/ids.ts"
import type { JobView } from "../src/protocol/job.ts"
import type { Pool } from "../test/support/pool.ts"
import { taskSpec } from "../test/support/test-server.ts"
import type { Benchmark, Surroundings } from "./benchmark.ts"
import { Caller } from "./caller.ts"
import type { Figure } from "./figure.ts"

const JOBS = 1_000
const TIMES = 5
/** Rounds before, that the four agents' and the server's code is compiled in. */
const WARM_UP = 3
const LOOK_MS = 10
const UNFINISHED = "queued,starting,running,finishing"

export const batch: Benchmark = {
  name: "batch",
  about:
    "1,000 jobs of `true` until the server has recorded the end of the last one: each with a folder of its own, two output files, a synced record and status, its process tree swept. Four hosts on this one machine, after three such rounds to warm up.",
  async run({ pool: started, note }: Surroundings): Promise<readonly Figure[]> {
    const pool = await started()
    const spec = taskSpec()
    using caller = new Caller(pool, spec)
    const rates = async (name: string, send: () => Promise<JobId>): Promise<number[]> => {
      const values: number[] = []
      for (let i = -WARM_UP; i < TIMES; i++) {
        const rate = await rateOf(pool, send)
        note(`${name} ${rate.toFixed(0)} jobs/s`)
        if (i >= 0) values.push(rate)
      }
      return values
    }
    const asBatch = await rates("batch", async () => {
      const specs = Array.from({ length: JOBS }, () => spec)
      return (await pool.api<{ jobs: JobId[] }>("POST", "/v1/jobs/batch", { specs })).jobs.at(-1)!
    })
    const oneByOne = await rates("one by one", async () => {
      for (let job = 1; job < JOBS; job++) await caller.submit()
      return await caller.submit()
    })
    const at = (least: number) => [{ of: "median", least }] as const
    return [
      { what: "submitted as one batch", unit: "jobs/s", values: asBatch, bounds: at(300) },
      { what: "submitted one call at a time", unit: "jobs/s", values: oneByOne, bounds: at(200) },
    ]
  },
}

/** Jobs ended per second, from before they are sent until none is unfinished. `send` gives the last one's number. */
async function rateOf(pool: Pool, send: () => Promise<JobId>): Promise<number> {
  const startedMs = performance.now()
  await pool.awaitJob(await send(), 300_000)
  // Mostly the last one sent is the last to end; asking before would only take the processor from the server.
  for (;;) {
    const { jobs } = await pool.api<{ jobs: JobView[] }>("GET", `/v1/jobs?state=${UNFINISHED}&limit=1`)
    if (jobs.length === 0) break
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
  return JOBS / ((performance.now() - startedMs) / 1000)
}
