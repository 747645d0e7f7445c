import { randomBytes } from "node:crypto"
import type { StoredDataView } from "../src/protocol/data-api.ts"
import { startPool } from "../test/support/pool.ts"
import { ScratchFolder } from "../test/support/scratch-folder.ts"
import type { Benchmark, Surroundings } from "./benchmark.ts"
import type { Figure } from "./figure.ts"

const HOSTS = 4
const MBIT = 200
const FILES = 4
const FILE_BYTES = 24 * 1024 * 1024
const TIMES = 2

export const spreadBench: Benchmark = {
  name: "spread",
  about: `A model of ${FILES} files of 24 MB, which only the server has, to one host, and another such one to four at once: from sending a job that uses it until it has ended on each. Hosts and server have a cable of ${MBIT} Mbit/s each, both ways (tbf), all at one switch: at 1 Gbit/s, and on a busy machine from 100 Mbit/s on, this would measure the two cores that all five share here, which hash and encrypt every byte several times. The server's cable tells how many copies left it.`,
  async run({ note }: Surroundings): Promise<readonly Figure[]> {
    await using pool = await startPool({ hosts: HOSTS })
    const cable = pool.lab.ownCable
    const one: number[] = []
    const four: number[] = []
    const copies: number[] = []
    const bring = async (name: string, hosts: number): Promise<{ readonly ms: number; readonly copies: number }> => {
      using folder = new ScratchFolder()
      folder.write(
        Object.fromEntries(Array.from({ length: FILES }, (_, i) => [`part-${i}.safetensors`, randomBytes(FILE_BYTES)])),
      )
      const added = await pool.windfall(["data", "add", name, folder.path, "--json"])
      if (added.exitCode !== 0) throw new Error(added.stderr)
      const bytes = (JSON.parse(added.stdout) as StoredDataView).versions.at(-1)!.bytes
      await cable.shapeUplink(MBIT)
      for (const host of pool.hosts) await host.shape(MBIT)
      const sentBefore = cable.sentBytes ?? 0
      const startedMs = performance.now()
      const data = [{ name, path: "model", version: null, root: null, bytes: 0 }]
      const jobs = await Promise.all(
        pool.hosts.slice(0, hosts).map((host) => pool.submit({ command: ["true"], data, host: host.name })),
      )
      for (const { id } of jobs) {
        const { state, reason } = await pool.awaitJob(id)
        if (state !== "succeeded") throw new Error(`the job is ${state}: ${reason}`)
      }
      const ms = performance.now() - startedMs
      const sent = (cable.sentBytes ?? 0) - sentBefore
      await cable.shapeUplink(null)
      for (const host of pool.hosts) await host.shape(null)
      await pool.windfall(["data", "rm", name])
      note(`${hosts}: ${(ms / 1000).toFixed(1)} s, ${(sent / bytes).toFixed(2)} copies left the server`)
      return { ms, copies: sent / bytes }
    }
    for (let i = 1; i <= TIMES; i++) {
      one.push((await bring(`one-${i}`, 1)).ms)
      const spread = await bring(`four-${i}`, HOSTS)
      four.push(spread.ms)
      copies.push(spread.copies)
    }
    return [
      { what: "to one host", unit: "ms", values: one },
      { what: "to four hosts", unit: "ms", values: four },
      {
        what: "four, as many times as long as one",
        unit: "times",
        values: four.map((ms, i) => ms / one[i]!),
        bounds: [{ of: "median", most: 1.3 }],
      },
      { what: "copies that left the server for four", unit: "times", values: copies },
    ]
  },
}
