import { mkdirSync } from "node:fs"
import type { Benchmark, Surroundings } from "./benchmark.ts"
import { coldSsh, senderEnv, timeCommand, WINDFALL } from "./command.ts"
import { type Figure, median } from "./figure.ts"

const TIMES = 40

export const sendTrue: Benchmark = {
  name: "send-true",
  about:
    "`windfall send -- true` from an empty folder, whole command with launcher, in turns with a cold `ssh host true` to the same hosts. The aim is HyperQueue's `submit --wait`, 64 ms.",
  async run({ pool: started }: Surroundings): Promise<readonly Figure[]> {
    const pool = await started()
    const env = senderEnv(pool)
    const cwd = pool.scratch.at("home/empty")
    mkdirSync(cwd, { recursive: true })
    const send = () => timeCommand(WINDFALL, ["send", "--", "true"], { cwd, env })
    const ssh = (i: number) => timeCommand("ssh", coldSsh(pool, pool.hosts[i % pool.hosts.length]!, "true"))
    for (let i = 0; i < 8; i++) await Promise.all([send(), ssh(i)])
    const ours: number[] = []
    const cold: number[] = []
    for (let i = 0; i < TIMES; i++) {
      ours.push(await send())
      cold.push(await ssh(i))
    }
    return [
      { what: "`windfall send -- true`", unit: "ms", values: ours },
      { what: "cold `ssh host true`", unit: "ms", values: cold },
      {
        what: "one median by the other",
        unit: "times",
        values: [median(ours) / median(cold)],
        bounds: [{ of: "median", most: 0.5 }],
      },
    ]
  },
}
