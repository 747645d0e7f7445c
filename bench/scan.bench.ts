/**
 * Second scan of a 20,000-file, 1 GB tree with one file changed, against rsync's no-op pass over the same tree (with a copy of
 * it), in the same run; and how long the ready tree takes to be patched and handed over.
 * `node bench/scan.bench.ts [FILES] [RUNS]`. Each scan is a fresh process, as `windfall send` is.
 */
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { BlobFolder } from "../src/workspace/blob-folder.ts"
import { missingBlobs } from "../src/workspace/missing-blobs.ts"
import { collectOutputs } from "../src/workspace/outputs.ts"
import { encodePack, readPack } from "../src/workspace/pack.ts"
import { ReadyTree } from "../src/workspace/ready-tree.ts"
import { scanTree } from "../src/workspace/scan.ts"
import { CHANGED_FILE, makeSampleTree } from "./sample-tree.ts"

const files = Number(process.argv[2] ?? 20_000)
const runs = Number(process.argv[3] ?? 7)

const root = fs.mkdtempSync(join(tmpdir(), "windfall-bench-"))

async function main(): Promise<void> {
  const tree = join(root, "tree")
  makeSampleTree(tree, files)
  print("tree made", files, "files")

  const scan = (): { ms: number; hashedBytes: number } => {
    const child = spawnSync(process.execPath, ["--input-type=module-typescript", "-e", SCAN, tree, join(root, "cache")])
    if (child.status !== 0) throw new Error(child.stderr.toString())
    return JSON.parse(child.stdout.toString())
  }
  print("first scan", scan().ms, "ms")
  scan() // what was written just now is read once more
  const change = (i: number): void => fs.appendFileSync(join(tree, CHANGED_FILE), `${i}`)

  const scans: number[] = []
  const passes: number[] = []
  const hasRsync = spawnSync("rsync", ["--version"]).status === 0
  if (hasRsync) spawnSync("rsync", ["-a", `${tree}/`, join(root, "copy")])
  for (let i = 0; i < runs; i++) {
    if (hasRsync) passes.push(timed(() => spawnSync("rsync", ["-a", `${tree}/`, join(root, "copy")])))
    change(i)
    scans.push(scan().ms)
    if (hasRsync) spawnSync("rsync", ["-a", `${tree}/`, join(root, "copy")])
  }
  print("second scan with its cache, one file changed, median", median(scans), "ms")
  if (hasRsync) {
    print("rsync -a with nothing to do, median", median(passes), "ms")
    print("ratio", (median(scans) / median(passes)).toFixed(2), "(at most 1.5)")
  }
  await handOver(tree, change)
}

async function handOver(tree: string, change: (i: number) => void): Promise<void> {
  const blobs = new BlobFolder(join(root, "blobs"))
  const send = async () => {
    const scanned = await scanTree(tree)
    await readPack(encodePack(await missingBlobs(scanned, async (hashes) => blobs.missing(hashes))), blobs)
    return scanned.root
  }
  let before = performance.now()
  let sent = await send()
  print("scan, pack, store all of it", performance.now() - before, "ms")
  before = performance.now()
  await blobs.flush()
  print("make it durable", performance.now() - before, "ms")
  const ready = new ReadyTree({ folder: join(root, "ready"), blobs, bootId: "bench" })
  before = performance.now()
  await ready.prepare(sent)
  print("lay it out", performance.now() - before, "ms")
  const times: number[] = []
  const saves: number[] = []
  for (let i = 0; i < 3; i++) {
    change(100 + i)
    sent = await send()
    const job = join(root, `job${i}`)
    const start = performance.now()
    const index = await ready.takeOver(sent, job)
    times.push(performance.now() - start)
    saves.push(timed(() => index.save(join(root, "index"))))
    if (i === 0) {
      fs.writeFileSync(join(job, "result"), "result")
      before = performance.now()
      await collectOutputs(job, index)
      print("collect outputs", performance.now() - before, "ms")
    }
    fs.rmSync(job, { recursive: true })
    await ready.prepare(sent)
  }
  print("take over the ready tree, one file changed, median", median(times), "ms (well under 50)")
  print("save its index, median", median(saves), "ms")
  await ready.close()
}

const SCAN = `
import { scanTree } from ${JSON.stringify(new URL("../src/workspace/scan.ts", import.meta.url).href)}
import { StatCache } from ${JSON.stringify(new URL("../src/workspace/stat-cache.ts", import.meta.url).href)}
const [tree, file] = process.argv.slice(1)
const before = performance.now()
const cache = new StatCache(file, tree)
let hashedBytes = 0
await scanTree(tree, { cache, onProgress: (progress) => { hashedBytes = progress.hashedBytes } })
const ms = performance.now() - before
cache.save()
console.log(JSON.stringify({ ms, hashedBytes }))
`

function timed(work: () => void): number {
  const before = performance.now()
  work()
  return performance.now() - before
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

function print(what: string, value: number | string, unit = ""): void {
  process.stdout.write(`${what}: ${typeof value === "number" ? Math.round(value * 10) / 10 : value} ${unit}\n`)
}

try {
  await main()
} finally {
  fs.rmSync(root, { recursive: true, force: true })
}
