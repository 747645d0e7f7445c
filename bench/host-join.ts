import { startPool } from "../test/support/pool.ts"
import type { Benchmark, Surroundings } from "./benchmark.ts"
import type { Figure } from "./figure.ts"

const HOSTS = 3
/** In each direction: 20 ms there and back. */
const DELAY_MS = 10
const MBIT = 1_000

export const hostJoin: Benchmark = {
  name: "host-join",
  about:
    "A host that has nothing of Windfall yet joins behind a relay with 20 ms there and back and 1 Gbit/s: check, Node and agent sent, agent started, host ready. An invited owner's script adds two requests to the server, and the reading of its questions.",
  async run({ note }: Surroundings): Promise<readonly Figure[]> {
    const link = { delayMs: DELAY_MS, mbit: MBIT }
    await using pool = await startPool({ hosts: Array.from({ length: HOSTS }, () => link), joinNone: true })
    const values: number[] = []
    for (const host of pool.hosts) {
      const startedMs = performance.now()
      await pool.join(host)
      await pool.untilHost(host.name, ({ link: state }) => state === "ready")
      values.push(performance.now() - startedMs)
      note(`${host.name} joined`)
    }
    return [{ what: "join to host ready", unit: "ms", values, bounds: [{ of: "p99", most: 20_000 }] }]
  },
}
