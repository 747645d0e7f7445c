import type { JobId } from "../src/protocol/ids.ts"
import { taskSpec } from "../test/support/test-server.ts"
import type { Benchmark, Surroundings } from "./benchmark.ts"
import type { Figure } from "./figure.ts"
import { readStamp } from "./wall-clock.ts"

const JOBS = 100
/** Each job says when it began and, as the last thing it does, when it ended. */
const COMMAND = ["/bin/sh", "-c", "date +%s%N; date +%s%N"]

export const freedHost: Benchmark = {
  name: "freed-host",
  about:
    "Jobs that each take a whole host, queued for one host: from the last instruction of one to the first of the next, in between exit, durable status, sweep, plan, start.",
  async run({ pool: started }: Surroundings): Promise<readonly Figure[]> {
    const pool = await started()
    const { name, total } = await pool.host(pool.hosts[0]!.name)
    const resources = { memoryBytes: 1, gpus: 0, cores: total.cores }
    const spec = taskSpec({ command: COMMAND, resources, host: name })
    const { jobs } = await pool.api<{ jobs: JobId[] }>("POST", "/v1/jobs/batch", {
      specs: Array.from({ length: JOBS }, () => spec),
    })
    const spans: (readonly [number, number])[] = []
    for (const id of jobs) {
      await pool.awaitJob(id)
      const [from = "", to = ""] = (await pool.log(id)).toString().split("\n")
      spans.push([readStamp(from), readStamp(to)])
    }
    const values = spans.slice(1).map(([from], i) => from - spans[i]![1])
    return [{ what: "end of a job to start of the next", unit: "ms", values, bounds: [{ of: "median", most: 20 }] }]
  },
}
