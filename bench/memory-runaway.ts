import { taskSpec } from "../test/support/test-server.ts"
import type { Benchmark, Surroundings } from "./benchmark.ts"
import type { Figure } from "./figure.ts"

const TIMES = 5
const MB = 1024 ** 2
const REQUEST_BYTES = 1024 * MB
/** 100 MB each tenth of a second, and after each of them says how many it has. It gives up at 6 GB by itself. */
const GROWS = `$| = 1; my @held; for (1 .. 60) { push @held, 'x' x 104_857_600; print scalar(@held), "\\n"; select(undef, undef, undef, 0.1) }`

export const memoryRunaway: Benchmark = {
  name: "memory-runaway",
  about:
    "A job that asked for 1 GB grows by 1 GB a second until it is ended for that: by how much it was beyond its request then, by what it had told itself and by what its host measured, whichever is more. A tenth more than asked for is let pass.",
  async run({ pool, note }: Surroundings): Promise<readonly Figure[]> {
    const server = await pool()
    const values: number[] = []
    for (let i = 1; i <= TIMES; i++) {
      const { id } = await server.submit(
        taskSpec({
          command: ["perl", "-e", GROWS],
          resources: { memoryBytes: REQUEST_BYTES, gpus: 0, cores: 1 },
        }),
      )
      const job = await server.awaitJob(id)
      if (job.cause !== "out_of_memory") throw new Error(`Job ${id} was not ended for its memory: ${job.cause}`)
      const told = 100 * MB * Number((await server.log(id)).toString().trim().split("\n").at(-1))
      const peak = Math.max(told, job.attempts.at(-1)?.peakMemoryBytes ?? 0)
      values.push((peak - REQUEST_BYTES) / MB)
      note(`${values.at(-1)?.toFixed(0)} MB beyond`)
    }
    return [{ what: "beyond its request when it was ended", unit: "MB", values, bounds: [{ of: "p99", most: 2048 }] }]
  },
}
