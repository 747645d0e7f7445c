import { randomBytes } from "node:crypto"
import { appendFileSync } from "node:fs"
import { cpus } from "node:os"
import type { StoredDataView } from "../src/protocol/data-api.ts"
import { startPool } from "../test/support/pool.ts"
import { ScratchFolder } from "../test/support/scratch-folder.ts"
import { bareSpreadMs } from "./bare-spread.ts"
import type { Benchmark, Surroundings } from "./benchmark.ts"
import type { Figure } from "./figure.ts"

const HOSTS = 4
const LONGEST_MS = 600_000

interface Brought {
  readonly ms: number
  readonly copies: number
  readonly busyPercent: number
}

interface SpreadPlan {
  readonly name: string
  /** What the line of each takes, both ways. */
  readonly mbit: number
  readonly files: number
  readonly fileMegabytes: number
  readonly times: number
  readonly remark: string
  /** What four may take, as many times as long as one. */
  readonly most?: number
}

export const spreadBench = spreadOver({
  name: "spread",
  mbit: 200,
  files: 4,
  fileMegabytes: 24,
  times: 2,
  most: 1.3,
  remark:
    "on a busy machine this would measure the two cores that all five share here, which hash and encrypt every byte.",
})

export const gigabitSpreadBench = spreadOver({
  name: "spread-gigabit",
  mbit: 1000,
  files: 16,
  fileMegabytes: 60,
  times: 2,
  remark:
    "one line carries 125 MB a second, and all five share the cores of this machine. Each host has to hash what it gets. So it is told besides what the same bytes take over plain TCP where each hashes and writes them, sends them on, and does nothing else: what is above 1.3 there is what the cores take. Macs have cores of their own, and an instruction for SHA-256.",
})

function spreadOver(plan: SpreadPlan): Benchmark {
  const { name, mbit, files, fileMegabytes, remark } = plan
  return {
    name,
    about: `A model of ${files} files of ${fileMegabytes} MB, which only the server has, to one host, and another such one to four at once: from sending a job that uses it until it has ended on each. Hosts and server have a cable of ${mbit} Mbit/s each, both ways (tbf), all at one switch: ${remark} The server's cable tells how many copies left it.`,
    run: (surroundings) => measure(plan, surroundings),
  }
}

async function measure(
  { mbit, files, fileMegabytes, times, most }: SpreadPlan,
  { note }: Surroundings,
): Promise<readonly Figure[]> {
  const fileBytes = fileMegabytes * 1024 * 1024
  await using pool = await startPool({ hosts: HOSTS })
  const cable = pool.lab.ownCable
  const one: number[] = []
  const four: number[] = []
  const busy: number[] = []
  const copies: number[] = []
  const bare = new Map([1, HOSTS].map((hosts) => [hosts, [] as number[]]))
  const shape = async (rate: number | null): Promise<void> => {
    await cable.shapeUplink(rate)
    for (const host of pool.hosts) await host.shape(rate)
  }
  const bring = async (name: string, hosts: number): Promise<Brought> => {
    using folder = new ScratchFolder()
    folder.write(
      Object.fromEntries(Array.from({ length: files }, (_, i) => [`part-${i}.safetensors`, randomBytes(fileBytes)])),
    )
    const added = await pool.windfall(["data", "add", name, folder.path, "--json"])
    if (added.exitCode !== 0) throw new Error(added.stderr)
    const bytes = (JSON.parse(added.stdout) as StoredDataView).versions.at(-1)!.bytes
    await shape(mbit)
    const sentBefore = cable.sentBytes ?? 0
    const usedBefore = coreTimes()
    const startedMs = performance.now()
    const data = [{ name, path: "model", version: null, root: null, bytes: 0 }]
    const jobs = await Promise.all(
      pool.hosts.slice(0, hosts).map((host) => pool.submit({ command: ["true"], data, host: host.name })),
    )
    for (const { id } of jobs) {
      const { state, reason } = await pool.awaitJob(id, LONGEST_MS)
      if (state !== "succeeded") throw new Error(`the job is ${state}: ${reason}`)
    }
    const ms = performance.now() - startedMs
    const used = coreTimes()
    const busyPercent = (100 * (used.busyMs - usedBefore.busyMs)) / (used.allMs - usedBefore.allMs)
    const sent = (cable.sentBytes ?? 0) - sentBefore
    await shape(null)
    await pool.windfall(["data", "rm", name])
    note(
      `${hosts}: ${(ms / 1000).toFixed(1)} s, ${(sent / bytes).toFixed(2)} copies left the server, cores ${busyPercent.toFixed(0)} % busy`,
    )
    return { ms, copies: sent / bytes, busyPercent }
  }
  for (let i = 1; i <= times; i++) {
    one.push((await bring(`one-${i}`, 1)).ms)
    const spread = await bring(`four-${i}`, HOSTS)
    four.push(spread.ms)
    copies.push(spread.copies)
    busy.push(spread.busyPercent)
  }
  using folder = new ScratchFolder()
  folder.write({ all: randomBytes(fileBytes) })
  for (let i = 1; i < files; i++) appendFileSync(folder.at("all"), randomBytes(fileBytes))
  for (const [hosts, took] of bare) {
    for (let i = 1; i <= times; i++) {
      took.push(await bareSpreadMs(pool, folder.at("all"), hosts, () => shape(mbit)))
      await shape(null)
      note(`${hosts}, bare: ${(took.at(-1)! / 1000).toFixed(1)} s`)
    }
  }
  const bareTimes = bare.get(HOSTS)!.map((ms, i) => ms / bare.get(1)![i]!)
  return [
    { what: "to one host", unit: "ms", values: one },
    { what: "to four hosts", unit: "ms", values: four },
    {
      what: "four, as many times as long as one",
      unit: "times",
      values: four.map((ms, i) => ms / one[i]!),
      ...(most === undefined ? {} : { bounds: [{ of: "median", most }] }),
    },
    { what: "copies that left the server for four", unit: "times", values: copies },
    { what: "cores busy meanwhile, four", unit: "%", values: busy },
    { what: "bare, to one host", unit: "ms", values: bare.get(1)! },
    { what: "bare, to four hosts", unit: "ms", values: bare.get(HOSTS)! },
    { what: "bare, four, as many times as long as one", unit: "times", values: bareTimes },
  ]
}

/** What the machine's cores have done so far. */
function coreTimes(): { readonly busyMs: number; readonly allMs: number } {
  const times = cpus().map((core) => core.times)
  const allMs = times.reduce((sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq, 0)
  return { busyMs: allMs - times.reduce((sum, { idle }) => sum + idle, 0), allMs }
}
