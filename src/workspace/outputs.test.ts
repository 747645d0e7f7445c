import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import { test } from "node:test"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import { BlobFolder } from "./blob-folder.ts"
import { listTree } from "./diff.ts"
import { materializeTree } from "./materialize.ts"
import { missingBlobs } from "./missing-blobs.ts"
import { type CollectedOutputs, collectOutputs } from "./outputs.ts"
import { encodePack, readPack } from "./pack.ts"
import { scanTree } from "./scan.ts"
import { StatIndex } from "./stat-index.ts"

/** A workspace as a job gets it. */
async function startJob(scratch: ScratchFolder, files: Readonly<Record<string, string>>): Promise<[string, StatIndex]> {
  const scanned = await scanTree(scratch.write(files, "sender"))
  const blobs = new BlobFolder(scratch.at("blobs"))
  await readPack(encodePack(await missingBlobs(scanned, async (hashes) => blobs.missing(hashes))), blobs)
  const work = scratch.at("work")
  return [work, await materializeTree(scanned.root, work, blobs)]
}

function paths(outputs: CollectedOutputs): string[] {
  if (outputs.tree === null) return []
  return [...listTree(outputs.tree, (hash) => outputs.trees.get(hash)!)].map(({ path }) => path)
}

test("a job that touched nothing has no outputs", async () => {
  using scratch = new ScratchFolder()
  const [work, handedOver] = await startJob(scratch, { "a/x": "one", "a/z": "three", y: "two" })
  // As if that had been a while ago: files need not be read again for fear of a change in the same tick.
  const index = new StatIndex(handedOver.record, handedOver.takenAtMs + 60_000)
  fs.utimesSync(`${work}/y`, 1, 1)
  fs.rmSync(`${work}/a/x`)
  let hashed = 0
  const onProgress = ({ hashedBytes }: { hashedBytes: number }): void => {
    hashed = hashedBytes
  }
  const outputs = await collectOutputs(work, index, { onProgress })
  assert.equal(hashed, 3)
  assert.deepEqual([outputs.tree, outputs.files, outputs.leftOut], [null, 0, []])
})

test("what was made or changed comes home, caches and git's folder do not", async () => {
  using scratch = new ScratchFolder()
  const [work, index] = await startJob(scratch, { "a/x": "one", "a/kept": "", y: "two", "b/z": "three" })
  scratch.write(
    {
      "a/x": "eno",
      "out/deep/model": "weights",
      "out/empty/": "",
      "node_modules/m": "",
      "b/__pycache__/c": "",
      ".git/config": "",
    },
    "work",
  )
  fs.symlinkSync("out/deep/model", `${work}/latest`)
  fs.chmodSync(`${work}/y`, 0o755)
  const outputs = await collectOutputs(work, index)
  assert.deepEqual(paths(outputs), ["a", "a/x", "latest", "out", "out/deep", "out/deep/model", "out/empty", "y"])
  assert.deepEqual([outputs.files, outputs.bytes], [3, 3 + 7 + 3])
  assert.deepEqual(
    outputs.leftOut.map(({ path }) => path),
    [".git", "b/__pycache__", "node_modules"],
  )
  assert.equal(outputs.sources.size, 3)
})

test("a file changed right after it was handed over, with its times set back, is noticed", async () => {
  using scratch = new ScratchFolder()
  const [work, index] = await startJob(scratch, { x: "one" })
  const { atime, mtime } = fs.statSync(`${work}/x`)
  fs.writeFileSync(`${work}/x`, "two")
  fs.utimesSync(`${work}/x`, atime, mtime)
  assert.deepEqual(paths(await collectOutputs(work, index)), ["x"])
})

test("--output names what comes home, also out of caches", async () => {
  using scratch = new ScratchFolder()
  const [work, index] = await startJob(scratch, { "runs/sent.csv": "sent", top: "" })
  scratch.write(
    {
      "runs/a.csv": "1",
      "runs/b.log": "2",
      "deep/down/c.csv": "3",
      "models/m/x": "4",
      "models/empty/": "",
      ".cache/k": "5",
    },
    "work",
  )
  const collect = async (...globs: string[]) => paths(await collectOutputs(work, index, { globs }))
  assert.deepEqual(await collect("*.csv"), ["deep", "deep/down", "deep/down/c.csv", "runs", "runs/a.csv"])
  assert.deepEqual(await collect("runs/*.csv"), ["runs", "runs/a.csv"])
  assert.deepEqual(await collect("./models/"), ["models", "models/empty", "models/m", "models/m/x"])
  assert.deepEqual(await collect(".cache", "absent"), [".cache", ".cache/k"])
  assert.deepEqual(await collect("nothing"), [])
  const unmatched = async (...globs: string[]) => (await collectOutputs(work, index, { globs })).unmatched
  assert.deepEqual(await unmatched("*.csv", "absent", "runs/sent.csv", "runs/*.bin"), ["absent", "runs/*.bin"])
  assert.deepEqual(await unmatched("nothing"), ["nothing"])
  assert.deepEqual((await collectOutputs(work, index)).unmatched, [])
  await assert.rejects(collect("../x"), { code: "invalid_input" })
})

test("a saved index serves a process that did not start the job", async () => {
  using scratch = new ScratchFolder()
  const [work, index] = await startJob(scratch, { "a/x": "one", y: "two" })
  index.save(scratch.at("index"))
  fs.writeFileSync(`${work}/y`, "changed")
  const loaded = StatIndex.load(scratch.at("index"))
  assert.deepEqual(loaded, index)
  assert.deepEqual(paths(await collectOutputs(work, loaded!)), ["y"])
  assert.equal(StatIndex.load(scratch.at("absent")), undefined)
  assert.deepEqual(paths(await collectOutputs(work, StatIndex.empty)), ["a", "a/x", "y"])
})

test("where the index is lost, all is read and compared with the tree that was sent", async () => {
  using scratch = new ScratchFolder()
  const [work, { record }] = await startJob(scratch, { "a/x": "one", "a/z": "three", y: "two", "empty/": "" })
  fs.symlinkSync("y", `${work}/made`)
  fs.writeFileSync(`${work}/a/x`, "six")
  fs.utimesSync(`${work}/a/x`, 1, 1)
  const index = StatIndex.ofTree(record.hash, new BlobFolder(scratch.at("blobs")))
  assert.deepEqual(paths(await collectOutputs(work, index)), ["a", "a/x", "made"])
})

test("a file or folder that the job closed to itself comes home readable, and so does all else", async () => {
  using scratch = new ScratchFolder()
  const [work, handedOver] = await startJob(scratch, { "sent/secret": "as sent" })
  fs.writeFileSync(`${work}/good`, "good")
  fs.writeFileSync(`${work}/closed`, "closed")
  fs.chmodSync(`${work}/closed`, 0o000)
  fs.mkdirSync(`${work}/vault`)
  fs.writeFileSync(`${work}/vault/inside`, "inside")
  fs.chmodSync(`${work}/vault`, 0o000)
  fs.chmodSync(`${work}/sent/secret`, 0o000)
  const outputs = await collectOutputs(work, handedOver)
  const modes = new Map(
    [...listTree(outputs.tree!, (hash) => outputs.trees.get(hash)!)].map(({ path, entry }) => [
      path,
      entry.kind === "link" ? null : entry.mode,
    ]),
  )
  assert.deepEqual(
    [...modes],
    [
      ["closed", 0o400],
      ["good", 0o644],
      ["sent", 0o755],
      ["sent/secret", 0o400],
      ["vault", 0o500],
      ["vault/inside", 0o644],
    ],
  )
  assert.deepEqual(outputs.leftOut, [])
  // Also on the host: it is read again when the server asks for it.
  assert.ok([...outputs.sources.values()].every(({ path }) => (fs.statSync(path).mode & 0o400) !== 0))
  assert.equal(fs.statSync(`${work}/vault`).mode & 0o500, 0o500)
})

test("a path too long for this system is told, and all else comes home", async () => {
  using scratch = new ScratchFolder()
  const [work, handedOver] = await startJob(scratch, { x: "one" })
  const sh = (script: string) => execFileSync("/bin/sh", ["-c", script, "sh", "d".repeat(200)], { cwd: work })
  sh('echo made >made; i=0; while [ $i -lt 25 ]; do mkdir "$1" && cd -P "$1" || exit; i=$((i + 1)); done; : >leaf')
  try {
    const outputs = await collectOutputs(work, handedOver)
    assert.equal(paths(outputs).includes("made"), true)
    assert.equal(outputs.files, 1)
    const [{ path = "", rule, why } = {}, ...more] = outputs.leftOut
    assert.deepEqual([rule, why, more], ["path", "special", []])
    assert.match(path, /^d{200}\/d{200}\//)
  } finally {
    sh('rm -rf "$1"') // Node's own removal takes no such paths either
  }
})

test("globs that are slow on deep folders let others run all the while", async () => {
  using scratch = new ScratchFolder()
  // Depth and number are bounded by the paths the system takes, and by the patience of whoever runs this.
  const deep = `${"a".repeat(250)}/`.repeat(12)
  fs.mkdirSync(scratch.at("work"))
  scratch.write(Object.fromEntries(Array.from({ length: 80 }, (_, i) => [`${deep}a${i}/`, ""])), "work")
  const globs = [0, 1].map((i) => `${"*a".repeat(1000)}b*${i}`)
  let [turns, done] = [0, false]
  const turn = (): void => {
    turns++
    if (!done) setImmediate(turn)
  }
  setImmediate(turn)
  const outputs = await collectOutputs(scratch.at("work"), StatIndex.empty, { globs })
  done = true
  assert.deepEqual([outputs.tree, outputs.unmatched], [null, globs])
  assert.ok(turns > 4, `others had ${turns} turns`)
})
