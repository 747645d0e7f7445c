import type { Benchmark, Surroundings } from "./benchmark.ts"
import type { Figure } from "./figure.ts"
import { readStamp, WallClock } from "./wall-clock.ts"

const TIMES = 200

export const submitToStart: Benchmark = {
  name: "submit-to-start",
  about:
    "`POST /v1/jobs` until the job's first instruction: the job is `date +%s%N` and so prints its own start. One after the other on idle hosts.",
  async run({ pool: started }: Surroundings): Promise<readonly Figure[]> {
    const pool = await started()
    const clock = new WallClock()
    const values: number[] = []
    for (let i = -20; i < TIMES; i++) {
      const askedAt = clock.now()
      const { id } = await pool.submit({ command: ["date", "+%s%N"] })
      await pool.awaitJob(id)
      const startedAt = readStamp((await pool.log(id)).toString())
      if (i >= 0) values.push(startedAt - askedAt)
    }
    return [
      {
        what: "submit to first instruction",
        unit: "ms",
        values,
        bounds: [
          { of: "median", most: 20 },
          { of: "p99", most: 80 },
        ],
      },
    ]
  },
}
