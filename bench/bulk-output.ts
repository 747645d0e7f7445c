import { mkdirSync } from "node:fs"
import { type Pool, startPool } from "../test/support/pool.ts"
import type { Benchmark } from "./benchmark.ts"
import { senderEnv, timeCommand, WINDFALL } from "./command.ts"
import type { Figure } from "./figure.ts"

const BYTES = 1024 ** 3
const MEGABYTE = 1e6
const TIMES = 3
const COMMAND = ["head", "-c", String(BYTES), "/dev/zero"]

export const bulkOutput: Benchmark = {
  name: "bulk-output",
  about:
    "A job prints 1 GB, all of which is kept: through one host's sshd to the server's disk, and the same followed live by `windfall send` into a pipe.",
  async run({ note }): Promise<readonly Figure[]> {
    const all = { outputHeadBytes: 2 * BYTES }
    await using pool = await startPool({ hosts: 1, server: { limits: all } })
    const toDisk: number[] = []
    const toCli: number[] = []
    for (let i = 0; i < TIMES; i++) {
      toDisk.push(await diskRate(pool))
      note(`to disk ${toDisk.at(-1)?.toFixed(0)} MB/s`)
      toCli.push(await cliRate(pool))
      note(`to the command line ${toCli.at(-1)?.toFixed(0)} MB/s`)
    }
    return [
      { what: "to the server's disk", unit: "MB/s", values: toDisk, bounds: [{ of: "median", least: 100 }] },
      { what: "to the command line's output", unit: "MB/s", values: toCli, bounds: [{ of: "median", least: 50 }] },
    ]
  },
}

async function diskRate(pool: Pool): Promise<number> {
  const startedMs = performance.now()
  const { id } = await pool.submit({ command: COMMAND })
  const job = await pool.awaitJob(id, 300_000)
  if (job.attempts[0]?.stdoutBytes !== BYTES) throw new Error(`Job ${id} lost output: ${JSON.stringify(job)}`)
  return BYTES / MEGABYTE / ((performance.now() - startedMs) / 1000)
}

async function cliRate(pool: Pool): Promise<number> {
  const cwd = pool.scratch.at("home/empty")
  mkdirSync(cwd, { recursive: true })
  let bytes = 0
  const tookMs = await timeCommand(WINDFALL, ["send", "--", ...COMMAND], {
    cwd,
    env: senderEnv(pool),
    onOutput: (chunk) => {
      bytes += chunk.length
    },
  })
  if (bytes !== BYTES) throw new Error(`The command line gave ${bytes} bytes`)
  return BYTES / MEGABYTE / (tookMs / 1000)
}
