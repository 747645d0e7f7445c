import { appendFileSync } from "node:fs"
import { join } from "node:path"
import type { Pool } from "../test/support/pool.ts"
import type { Benchmark, Surroundings } from "./benchmark.ts"
import { isInstalled, senderEnv, timeCommand, WINDFALL } from "./command.ts"
import { type Figure, median } from "./figure.ts"
import { usageOf } from "./processes.ts"
import { CHANGED_FILE, makeSampleTree } from "./sample-tree.ts"
import { readStamp, WallClock } from "./wall-clock.ts"

const FILES = 20_000
const TIMES = 9

export const secondSend: Benchmark = {
  name: "second-send",
  about:
    "A folder of 20,000 files, 1 GB, sent before to a host that has been idle since, is sent again with one file changed: from the start of `windfall send` to the job's first instruction. Its scan (a fresh process, as in a send) in turns with `rsync -a` over the same folder and a copy of it, with nothing to do.",
  async run({ pool: started, note }: Surroundings): Promise<readonly Figure[]> {
    const pool = await started()
    const tree = pool.scratch.at("home/tree")
    const copy = pool.scratch.at("copy")
    makeSampleTree(tree, FILES)
    const hasRsync = isInstalled("rsync")
    if (!hasRsync) note("there is no rsync here to compare with (Debian: apt install rsync; macOS has one)")
    const rsync = async () => (hasRsync ? timeCommand("rsync", ["-a", `${tree}/`, copy]) : Number.NaN)
    const first = await send(pool, tree)
    note(`first send: ${(first / 1000).toFixed(1)} s`)
    await rsync()
    await scan(pool, tree)
    await scan(pool, tree) // What was written just before the first scan is read once more.
    await send(pool, tree)
    const starts: number[] = []
    const scans: number[] = []
    const passes: number[] = []
    for (let i = 0; i < TIMES; i++) {
      await untilQuiet(pool)
      appendFileSync(join(tree, CHANGED_FILE), `${i}`)
      starts.push(await send(pool, tree))
      note(`start after ${starts.at(-1)?.toFixed(0)} ms`)
      await untilQuiet(pool)
      scans.push(await scan(pool, tree))
      await rsync()
      passes.push(await rsync())
    }
    const sender: readonly Figure[] = [
      { what: "send to job start", unit: "ms", values: starts, bounds: [{ of: "median", most: 400 }] },
      { what: "the sender's scan", unit: "ms", values: scans },
    ]
    if (!hasRsync) return sender
    return [
      ...sender,
      { what: "`rsync -a`, nothing to do", unit: "ms", values: passes },
      {
        what: "one median by the other",
        unit: "times",
        values: [median(scans) / median(passes)],
        bounds: [{ of: "median", most: 1.5 }],
      },
    ]
  },
}

/** Milliseconds from the start of the command to the start of the job. */
async function send(pool: Pool, tree: string): Promise<number> {
  const clock = new WallClock()
  let stamp = ""
  const startedAt = clock.now()
  const args = ["send", "--yes", "--host", pool.hosts[0]!.name, "--", "date", "+%s%N"]
  await timeCommand(WINDFALL, args, {
    cwd: tree,
    env: senderEnv(pool),
    onOutput: (chunk) => {
      stamp += chunk
    },
  })
  return readStamp(stamp) - startedAt
}

/** Resolves once neither server nor hosts have used the processor for a while: blobs are stored, the copy is ready. */
async function untilQuiet(pool: Pool): Promise<void> {
  const used = () =>
    [pool.server.pid, ...pool.hosts.map(({ pid }) => pid)]
      .flatMap((pid) => usageOf(pid))
      .reduce((sum, { cpuMs }) => sum + cpuMs, 0)
  for (let quiet = 0, before = used(); quiet < 3; ) {
    await new Promise((resolve) => setTimeout(resolve, 400))
    const now = used()
    quiet = now - before <= 20 ? quiet + 1 : 0
    before = now
  }
}

async function scan(pool: Pool, tree: string): Promise<number> {
  let answer = ""
  const args = ["--disable-warning=ExperimentalWarning", "--input-type=module-typescript", "-e", SCAN]
  await timeCommand(process.execPath, [...args, tree, pool.scratch.at("scan-cache")], {
    onOutput: (chunk) => {
      answer += chunk
    },
  })
  return Number(answer)
}

const SCAN = `
import { scanTree } from ${JSON.stringify(new URL("../src/workspace/scan.ts", import.meta.url).href)}
import { StatCache } from ${JSON.stringify(new URL("../src/workspace/stat-cache.ts", import.meta.url).href)}
const [tree, file] = process.argv.slice(1)
const before = performance.now()
const cache = new StatCache(file, tree)
await scanTree(tree, { cache })
const tookMs = performance.now() - before
cache.save()
console.log(tookMs)
`
