import type { JobView } from "../src/protocol/job.ts"
import { NO_QUEUE_REQUEST } from "../src/protocol/queue-request.ts"
import { taskSpec } from "../test/support/test-server.ts"
import type { Benchmark, Surroundings } from "./benchmark.ts"
import type { Figure } from "./figure.ts"

const TIMES = 9
const WARM_UP = 3
const SMALL = { memoryBytes: null, gpus: 0, cores: 1 } as const

export const submitArray: Benchmark = {
  name: "submit-array",
  about:
    "An array of 100,000 tasks, from the request to the answer that it is on disk: tasks that follow each other, every second index, and one task by task after another array; then all of it stopped.",
  async run({ pool: started, note }: Surroundings): Promise<readonly Figure[]> {
    const pool = await started()
    const queue = { ...NO_QUEUE_REQUEST, hold: true }
    const [plain, stepped, corresponding, stopped]: [number[], number[], number[], number[]] = [[], [], [], []]
    for (let i = -WARM_UP; i < TIMES; i++) {
      const keep = (values: number[], took: number) => i >= 0 && values.push(took)
      const timed = async (values: number[], array: string, after: string | null): Promise<JobView> => {
        const spec = taskSpec({ array, resources: SMALL, queue: { ...queue, hold: after === null, after } })
        const startedMs = performance.now()
        const job = await pool.api<JobView>("POST", "/v1/jobs", { spec })
        keep(values, performance.now() - startedMs)
        return job
      }
      const first = await timed(plain, "1-100000%8", null)
      const second = await timed(stepped, "0-199998:2", null)
      const third = await timed(corresponding, "1-100000", `aftercorr:${first.id}`)
      const startedMs = performance.now()
      await pool.api("POST", `/v1/jobs/${second.id}/stop`, { now: true })
      keep(stopped, performance.now() - startedMs)
      for (const { id } of [third, first]) await pool.api("POST", `/v1/jobs/${id}/stop`, { now: true })
      note(`array ${first.id}`)
    }
    const bounds = [{ of: "p99", most: 1_000 }] as const
    return [
      { what: "1-100000%8 submitted", unit: "ms", values: plain, bounds },
      { what: "0-199998:2 submitted", unit: "ms", values: stepped, bounds },
      { what: "1-100000 submitted task by task after the first", unit: "ms", values: corresponding, bounds },
      { what: "0-199998:2 stopped before it began", unit: "ms", values: stopped },
    ]
  },
}
