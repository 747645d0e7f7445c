import assert from "node:assert/strict"
import * as fs from "node:fs"
import { test } from "node:test"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import type { BlobHash } from "../protocol/ids.ts"
import { BlobFolder } from "./blob-folder.ts"
import { missingBlobs } from "./missing-blobs.ts"
import { encodePack, readPack } from "./pack.ts"
import { ReadyTree } from "./ready-tree.ts"
import { scanTree } from "./scan.ts"
import { EMPTY_TREE } from "./tree.ts"

const FILES: Readonly<Record<string, string>> = Object.fromEntries(
  Array.from({ length: 40 }, (_, i) => [`folder${i % 4}/file${i}`, `content ${i}`]),
)

/** A host's cache with a sender's folder beside it. */
class Scene implements Disposable {
  readonly scratch = new ScratchFolder()
  readonly blobs = new BlobFolder(this.scratch.at("blobs"))
  readonly sender = this.scratch.write(FILES, "sender")
  #jobs = 0

  /** The ready tree as a new agent finds it. */
  open(bootId = "boot-1"): ReadyTree {
    return new ReadyTree({ folder: this.scratch.at("ready"), blobs: this.blobs, bootId })
  }

  /** Sends what the sender's folder holds now. */
  async send(): Promise<BlobHash> {
    const scanned = await scanTree(this.sender)
    const missing = await missingBlobs(scanned, async (hashes) => this.blobs.missing(hashes))
    await readPack(encodePack(missing), this.blobs)
    return scanned.root
  }

  /** A job's new folder. */
  job(): string {
    return this.scratch.at(`job${++this.#jobs}`)
  }

  get leftovers(): string[] {
    return fs.readdirSync(this.scratch.at("ready")).toSorted()
  }

  [Symbol.dispose](): void {
    this.scratch[Symbol.dispose]()
  }
}

async function check(root: BlobHash, folder: string): Promise<void> {
  assert.equal((await scanTree(folder)).root, root)
}

test("what is ready is handed over by rename", async () => {
  using scene = new Scene()
  const root = await scene.send()
  const ready = scene.open()
  await ready.prepare(root)
  assert.equal(ready.root, root)
  const { ino } = fs.statSync(scene.scratch.at("ready/tree"))
  const job = scene.job()
  const index = await ready.takeOver(root, job)
  assert.equal(fs.statSync(job).ino, ino)
  assert.equal(index.record.hash, root)
  await check(root, job)
  assert.equal(ready.root, undefined)
  const second = scene.job()
  await ready.takeOver(root, second)
  await check(root, second)
  await ready.close()
  assert.deepEqual(scene.leftovers, [])
})

test("what is ready is patched with what changed", async () => {
  using scene = new Scene()
  const before = await scene.send()
  const ready = scene.open()
  await ready.prepare(before)
  const untouched = fs.statSync(scene.scratch.at("ready/tree/folder1/file1")).ino
  const { sender } = scene
  fs.writeFileSync(`${sender}/folder0/file0`, "changed")
  fs.rmSync(`${sender}/folder2`, { recursive: true })
  fs.writeFileSync(`${sender}/folder2`, "a file now")
  fs.rmSync(`${sender}/folder0/file4`)
  fs.mkdirSync(`${sender}/folder0/file4`)
  fs.symlinkSync("file1", `${sender}/folder1/link`)
  fs.chmodSync(`${sender}/folder1/file5`, 0o755)
  fs.chmodSync(`${sender}/folder3`, 0o555)
  const after = await scene.send()
  const job = scene.job()
  const index = await ready.takeOver(after, job)
  await check(after, job)
  assert.equal(index.record.hash, after)
  assert.equal(fs.statSync(`${job}/folder1/file1`).ino, untouched)
  fs.chmodSync(`${sender}/folder3`, 0o755)
  fs.chmodSync(`${job}/folder3`, 0o755)
  await ready.close()
  assert.deepEqual(scene.leftovers, [])
})

test("prepare() patches too, and the next process adopts what is ready", async () => {
  using scene = new Scene()
  const ready = scene.open()
  await ready.prepare(await scene.send())
  fs.writeFileSync(`${scene.sender}/folder0/file0`, "changed")
  const after = await scene.send()
  await ready.prepare(after)
  await ready.close()
  const next = scene.open()
  assert.equal(next.root, after)
  const job = scene.job()
  await next.takeOver(after, job)
  await check(after, job)
})

test("a tree without its record is never used", async () => {
  using scene = new Scene()
  const root = await scene.send()
  const ready = scene.open()
  await ready.prepare(root)
  // As a process killed in the middle of patching leaves it.
  fs.rmSync(scene.scratch.at("ready/record"))
  fs.writeFileSync(scene.scratch.at("ready/tree/folder0/file0"), "half patched")
  fs.mkdirSync(scene.scratch.at("ready/building"))
  const next = scene.open()
  assert.equal(next.root, undefined)
  const job = scene.job()
  await next.takeOver(root, job)
  await check(root, job)
  await next.close()
  assert.deepEqual(scene.leftovers, [])
})

test("a tree of another boot is never used, nor one with a damaged record", async () => {
  using scene = new Scene()
  const ready = scene.open()
  const root = await scene.send()
  await ready.prepare(root)
  const rebooted = scene.open("boot-2")
  assert.equal(rebooted.root, undefined)
  await rebooted.prepare(root)
  await rebooted.close()
  fs.truncateSync(scene.scratch.at("ready/record"), 30)
  const next = scene.open("boot-2")
  assert.equal(next.root, undefined)
  await next.close()
  assert.deepEqual(scene.leftovers, [])
})

test("an unrelated tree is laid out anew and leaves the ready one alone", async () => {
  using scene = new Scene()
  const mine = await scene.send()
  const ready = scene.open()
  await ready.prepare(mine)
  for (const name of fs.readdirSync(scene.sender)) fs.rmSync(`${scene.sender}/${name}`, { recursive: true })
  scene.scratch.write({ other: "project" }, "sender")
  const other = await scene.send()
  const job = scene.job()
  await ready.takeOver(other, job)
  await check(other, job)
  assert.equal(ready.root, mine)
})

test("taking over waits for a preparation of the same tree, or of most of it", async () => {
  using scene = new Scene()
  const before = await scene.send()
  fs.writeFileSync(`${scene.sender}/folder0/file0`, "changed")
  const after = await scene.send()
  const ready = scene.open()
  for (const root of [before, after]) {
    const preparing = ready.prepare(before)
    const { ino } = fs.statSync(scene.scratch.at("ready/building"))
    const job = scene.job()
    await ready.takeOver(root, job)
    await preparing
    await check(root, job)
    assert.equal(fs.statSync(job).ino, ino)
  }
  await ready.close()
  assert.deepEqual(scene.leftovers, [])
})

test("taking over a tree stops the preparation of another", async () => {
  using scene = new Scene()
  const mine = await scene.send()
  for (const name of fs.readdirSync(scene.sender)) fs.rmSync(`${scene.sender}/${name}`, { recursive: true })
  scene.scratch.write({ other: "project" }, "sender")
  const other = await scene.send()
  const ready = scene.open()
  const stopped = ready.prepare(mine)
  const job = scene.job()
  await ready.takeOver(other, job)
  await stopped
  await check(other, job)
  assert.equal(ready.root, undefined)
  await ready.close()
  assert.deepEqual(scene.leftovers, [])
})

test("who waits for a preparation can be told to wait no more, and a second taker does not wait", async () => {
  using scene = new Scene()
  const root = await scene.send()
  const ready = scene.open()
  const preparing = ready.prepare(root)
  const { ino } = fs.statSync(scene.scratch.at("ready/building"))
  const abort = new AbortController()
  const waiting = ready.takeOver(root, scene.job(), { signal: abort.signal })
  const second = scene.job()
  const alone = ready.takeOver(root, second)
  abort.abort(new Error("stopped"))
  await assert.rejects(waiting, { message: "stopped" })
  await alone
  await check(root, second)
  assert.notEqual(fs.statSync(second).ino, ino)
  await preparing
  assert.equal(ready.root, root)
  await ready.close()
})

test("an aborted preparation leaves nothing half done", async () => {
  using scene = new Scene()
  const root = await scene.send()
  const ready = scene.open()
  const abort = new AbortController()
  const preparing = ready.prepare(root, { signal: abort.signal })
  abort.abort()
  await preparing
  await ready.close()
  const next = scene.open()
  const job = scene.job()
  await next.takeOver(root, job)
  await check(root, job)
})

test("a ready tree that somebody has been in is laid out anew", async () => {
  using scene = new Scene()
  const ready = scene.open()
  await ready.prepare(await scene.send())
  fs.rmSync(scene.scratch.at("ready/tree/folder0"), { recursive: true })
  fs.writeFileSync(`${scene.sender}/folder0/file0`, "changed")
  const after = await scene.send()
  const job = scene.job()
  await ready.takeOver(after, job)
  await check(after, job)
  await ready.close()
})

test("a missing blob is told and what is half patched is not used", async () => {
  using scene = new Scene()
  const ready = scene.open()
  await ready.prepare(await scene.send())
  fs.writeFileSync(`${scene.sender}/folder0/file0`, "changed")
  const after = await scene.send()
  const scanned = await scanTree(scene.sender)
  const hash = [...scanned.sources].find(([, { path }]) => path.endsWith("folder0/file0"))![0]
  scene.blobs.drop(hash)
  await assert.rejects(ready.takeOver(after, scene.job()), { code: "blobs_missing" })
  assert.equal(ready.root, undefined)
  await ready.close()
  scene.blobs.write(hash, Buffer.from("changed"))
  const job = scene.job()
  await ready.takeOver(after, job)
  await check(after, job)
})

test("the empty tree needs nothing", async () => {
  using scene = new Scene()
  const ready = scene.open()
  const index = await ready.takeOver(EMPTY_TREE, scene.job())
  assert.equal(index.record.hash, EMPTY_TREE)
  assert.deepEqual(fs.readdirSync(scene.scratch.at("job1")), [])
})

test("several jobs that start at once each get a tree of their own", async () => {
  using scene = new Scene()
  const before = await scene.send()
  const ready = scene.open()
  await ready.prepare(before)
  fs.writeFileSync(`${scene.sender}/folder0/file0`, "changed")
  const after = await scene.send()
  const roots = [after, before, after, before]
  const jobs = roots.map(() => scene.job())
  const starts = roots.map((root, i) => ready.takeOver(root, jobs[i]!))
  const preparing = [ready.prepare(after), ready.prepare(before)]
  await Promise.all([...starts, ...preparing])
  for (const [i, root] of roots.entries()) await check(root, jobs[i]!)
  await ready.close()
  assert(scene.leftovers.every((name) => name === "tree" || name === "record"))
})
