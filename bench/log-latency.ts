import { mkdirSync } from "node:fs"
import type { Benchmark, Surroundings } from "./benchmark.ts"
import { senderEnv, timeCommand, WINDFALL } from "./command.ts"
import type { Figure } from "./figure.ts"
import { readStamp, WallClock } from "./wall-clock.ts"

const LINES = 200
const COMMAND = `i=0; while [ $i -lt ${LINES} ]; do date +%s%N; sleep 0.03; i=$((i+1)); done`

export const logLatency: Benchmark = {
  name: "log-latency",
  about:
    "A job prints the time every 30 ms; when does the line leave `windfall send`? Through the file on the host, ssh, the server's disk and the command line.",
  async run({ pool: started }: Surroundings): Promise<readonly Figure[]> {
    const pool = await started()
    const cwd = pool.scratch.at("home/empty")
    mkdirSync(cwd, { recursive: true })
    const clock = new WallClock()
    const values: number[] = []
    let rest = ""
    await timeCommand(WINDFALL, ["send", "--", "/bin/sh", "-c", COMMAND], {
      cwd,
      env: senderEnv(pool),
      onOutput: (chunk) => {
        const now = clock.now()
        const lines = (rest + chunk.toString()).split("\n")
        rest = lines.pop() ?? ""
        for (const line of lines) values.push(now - readStamp(line))
      },
    })
    return [{ what: "printed to shown", unit: "ms", values, bounds: [{ of: "median", most: 15 }] }]
  },
}
