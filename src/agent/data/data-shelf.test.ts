import assert from "node:assert/strict"
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import { dataRules } from "../../workspace/data-rules.ts"
import { encodePack } from "../../workspace/pack.ts"
import { scanTree } from "../../workspace/scan.ts"
import { bytesBlob, sourceBlob } from "../../workspace/sources.ts"
import { DataShelf } from "./data-shelf.ts"
import { findModelFile, modelFolders } from "./found-models.ts"
import { layOut, lookAtTree } from "./tree-work.ts"

const never = new AbortController().signal

function open(folder: string, more: { bootId?: string } = {}): DataShelf {
  return new DataShelf({ folder, bootId: "boot", onChange: () => {}, ...more })
}

/** Brings a folder to a shelf as a server would, and lays it out. */
async function bring(shelf: DataShelf, folder: string, nowMs: number): Promise<{ root: BlobHash; sent: number }> {
  const scanned = await scanTree(folder, { rules: dataRules() })
  const { trees, sources } = scanned
  let sent = 0
  for (;;) {
    const { flaws, missing } = await lookAtTree(shelf, scanned.root, never)
    if (flaws !== undefined && missing.size === 0) {
      assert.ok(await layOut(shelf, scanned.root, flaws, scanned.bytes, nowMs, never))
      return { root: scanned.root, sent }
    }
    if (flaws !== undefined) sent += missing.size
    const blobs = [...missing.keys()].map((hash) =>
      trees.has(hash) ? bytesBlob(hash, trees.get(hash)!) : sourceBlob(hash, sources.get(hash)!),
    )
    await shelf.store(encodePack(blobs), never)
  }
}

test("a tree is laid out read-only, its bytes are there once, and the next agent finds it", async () => {
  using scratch = new ScratchFolder()
  scratch.write({ "set/a": "alpha", "set/below/run": "#!/bin/sh\n", "set/empty": "", "set/nothing/": "" })
  chmodSync(scratch.at("set/below/run"), 0o755)
  const shelf = open(scratch.at("shelf"))
  const { root } = await bring(shelf, scratch.at("set"), 1)
  const at = (...parts: string[]) => join(shelf.pathOf(root), ...parts)
  assert.equal(readFileSync(at("a"), "utf8"), "alpha")
  const mode = (path: string) => statSync(path).mode & 0o777
  assert.deepEqual(
    [at("a"), at("below/run"), at("below"), at("nothing"), at()].map(mode),
    [0o444, 0o555, 0o555, 0o555, 0o555],
  )
  assert.equal(statSync(at("a")).nlink, 1)
  assert.deepEqual((await lookAtTree(shelf, root, never)).flaws, [])
  assert.deepEqual(open(scratch.at("shelf")).roots(), [root])
})

test("of a new version only what is new is brought; the rest is the very files of the one before", async () => {
  using scratch = new ScratchFolder()
  scratch.write({ "set/same": "x".repeat(5_000), "set/what": "one" })
  const shelf = open(scratch.at("shelf"))
  const first = await bring(shelf, scratch.at("set"), 1)
  scratch.write({ "set/what": "two" })
  const second = await bring(shelf, scratch.at("set"), 2)
  assert.deepEqual([first.sent, second.sent], [2, 1])
  const inode = (root: BlobHash) => statSync(join(shelf.pathOf(root), "same")).ino
  assert.equal(inode(first.root), inode(second.root))
})

test("a file that was changed in one version is not taken over into the next", async () => {
  using scratch = new ScratchFolder()
  scratch.write({ "set/same": "right", "set/what": "one" })
  const shelf = open(scratch.at("shelf"))
  const { root } = await bring(shelf, scratch.at("set"), 1)
  const file = join(shelf.pathOf(root), "same")
  chmodSync(file, 0o644)
  writeFileSync(file, "wrong")
  scratch.write({ "set/what": "two" })
  const scanned = await scanTree(scratch.at("set"), { rules: dataRules() })
  const blobs = [...scanned.trees].map(([hash, bytes]) => bytesBlob(hash, bytes))
  await shelf.store(encodePack(blobs), never)
  const what = scanned.record.entries.find(({ name }) => name === "what")
  assert.ok(what?.kind === "file")
  await shelf.store(encodePack([sourceBlob(what.hash, scanned.sources.get(what.hash)!)]), never)
  const look = await lookAtTree(shelf, scanned.root, never)
  assert.equal(look.missing.size, 0)
  assert.equal(await layOut(shelf, scanned.root, look.flaws ?? [], 8, 2, never), false)
  const again = await lookAtTree(shelf, scanned.root, never)
  assert.equal(again.missing.size, 1, "it has to be brought after all")
})

test("what a killed agent left half laid out is removed, and what had come need not come again", async () => {
  using scratch = new ScratchFolder()
  scratch.write({ "set/a": "alpha", "set/b": "beta" })
  const scanned = await scanTree(scratch.at("set"), { rules: dataRules() })
  const shelf = open(scratch.at("shelf"))
  await shelf.store(encodePack([...scanned.trees].map(([hash, bytes]) => bytesBlob(hash, bytes))), never)
  await shelf.store(encodePack([...scanned.sources].map(([hash, source]) => sourceBlob(hash, source))), never)
  mkdirSync(join(shelf.pathOf(scanned.root), "half"), { recursive: true })
  chmodSync(shelf.pathOf(scanned.root), 0o555)
  const next = open(scratch.at("shelf"))
  await next.close()
  assert.deepEqual(readdirSync(scratch.at("shelf/trees")), [])
  assert.deepEqual(next.roots(), [])
  assert.equal((await bring(next, scratch.at("set"), 1)).sent, 0)
})

test("after a restart of the machine nothing is believed that was not on the disk for sure", async () => {
  using scratch = new ScratchFolder()
  scratch.write({ "set/a": "alpha", "more/b": "beta" })
  const { root } = await bring(open(scratch.at("shelf")), scratch.at("set"), 1)
  const scanned = await scanTree(scratch.at("more"), { rules: dataRules() })
  const before = open(scratch.at("shelf"))
  await before.store(encodePack([...scanned.sources].map(([hash, source]) => sourceBlob(hash, source))), never)
  const after = open(scratch.at("shelf"), { bootId: "another" })
  assert.deepEqual(after.roots(), [root])
  assert.equal(after.blobs.count, 0)
  const { flaws, missing } = await lookAtTree(after, root, never)
  assert.deepEqual([flaws, [...missing.keys()]], [undefined, [root]])
})

test("blobs that somebody waits for stay, others go, and what is worked on is told as busy", async () => {
  using scratch = new ScratchFolder()
  scratch.write({ "set/a": "a".repeat(10_000), "set/b": "b".repeat(10_000), "whole/c": "c" })
  const shelf = open(scratch.at("shelf"))
  const { root } = await bring(shelf, scratch.at("whole"), 7)
  const { sources } = await scanTree(scratch.at("set"), { rules: dataRules() })
  await shelf.store(encodePack([...sources].map(([hash, source]) => sourceBlob(hash, source))), never)
  const [first, second] = [...sources.keys()] as [BlobHash, BlobHash]
  {
    using _ = shelf.want(new Map([[first, 10_000]]))
    assert.equal(shelf.unwantedBytes(), shelf.blobs.sizeBytes - 10_000)
    await shelf.dropUnwanted(1_000_000)
    assert.deepEqual([shelf.blobs.has(first), shelf.blobs.has(second)], [true, false])
  }
  await shelf.dropUnwanted(1_000_000)
  assert.equal(shelf.blobs.count, 0)
  using _busy = await shelf.take(root, never)
  assert.deepEqual(shelf.trees(), [{ root, bytes: 1, usedMs: 7, busy: true }])
  assert.equal(shelf.bytes, 1)
})

test("what is still to come of a large file is known to the piece", async () => {
  using scratch = new ScratchFolder()
  scratch.write({ "set/a": "a".repeat(3_000_000) })
  const shelf = open(scratch.at("shelf"))
  const [blob] = [...(await scanTree(scratch.at("set"), { rules: dataRules() })).sources].map(([hash, source]) =>
    sourceBlob(hash, source),
  )
  const wanted = new Map([[blob!.hash, blob!.bytes]])
  const seen: number[] = []
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of encodePack([blob!])) {
      yield piece
      seen.push(shelf.missingBytes(wanted))
    }
  }
  assert.equal(shelf.missingBytes(wanted), 3_000_000)
  await shelf.store(pieces(), never)
  assert.ok(
    seen.some((bytes) => bytes > 0 && bytes < 3_000_000),
    seen.join(),
  )
  assert.equal(shelf.missingBytes(wanted), 0)
})

test("a job that sets the time of what it changed is found out by size or mode all the same", async () => {
  using scratch = new ScratchFolder()
  scratch.write({ "set/a": "alpha" })
  const shelf = open(scratch.at("shelf"))
  const { root } = await bring(shelf, scratch.at("set"), 1)
  const file = join(shelf.pathOf(root), "a")
  const { mtimeMs } = statSync(file)
  chmodSync(file, 0o644)
  writeFileSync(file, "longer than before")
  utimesSync(file, mtimeMs / 1000, mtimeMs / 1000)
  chmodSync(file, 0o444)
  assert.equal((await lookAtTree(shelf, root, never)).flaws?.length, 1)
})

test("what a job has closed is opened, and what it has made useless is begun anew", async () => {
  using scratch = new ScratchFolder()
  scratch.write({ "set/a": "alpha" })
  const folder = scratch.at("shelf")
  const { root } = await bring(open(folder), scratch.at("set"), 1)
  const options = { folder, bootId: "boot", onChange: () => {} }
  const discarded: string[] = []
  const discard = (path: string) => {
    discarded.push(path)
    renameSync(path, scratch.at("old"))
  }
  for (const path of ["trees", "whole", "blobs", "."]) chmodSync(join(folder, path), 0)
  assert.deepEqual(DataShelf.open(options, discard).roots(), [root])
  rmSync(join(folder, "whole"), { recursive: true })
  writeFileSync(join(folder, "whole"), "no folder")
  assert.deepEqual(DataShelf.open(options, discard).roots(), [])
  assert.deepEqual(discarded, [folder])
})

test("a model's file that lies on the host for other programs is taken from there, and that one stays as it is", async () => {
  using scratch = new ScratchFolder()
  const weights = Buffer.alloc(3 * 1024 ** 2, "weights ")
  scratch.write({ "set/m.gguf": weights, "set/other.gguf": Buffer.alloc(2 * 1024 ** 2, 1), "set/config.json": "{}" })
  const cache = "home/.cache/huggingface/hub/models--lab--m"
  scratch.write({ [`${cache}/blobs/abc`]: weights, [`${cache}/snapshots/1/`]: "" })
  symlinkSync("../../blobs/abc", scratch.at(`${cache}/snapshots/1/m.gguf`))
  // As long as the one that is wanted, and another.
  scratch.write({ "home/models/deep/other.gguf": Buffer.alloc(2 * 1024 ** 2, 2) })
  const find = (name: string, bytes: number, signal: AbortSignal) =>
    findModelFile(modelFolders(scratch.at("home"), scratch.at("shared")), name, bytes, signal)
  const shelf = new DataShelf({ folder: scratch.at("shelf"), bootId: "boot", onChange: () => {}, find })
  const before = statSync(scratch.at(`${cache}/blobs/abc`))
  const scanned = await scanTree(scratch.at("set"), { rules: dataRules() })
  const { trees, sources } = scanned
  const asked: string[] = []
  for (let isWhole = false; !isWhole; ) {
    const { flaws, missing } = await lookAtTree(shelf, scanned.root, never)
    const blobs = [...missing.keys()].map((hash) => {
      const tree = trees.get(hash)
      if (tree === undefined) asked.push(hash)
      return tree === undefined ? sourceBlob(hash, sources.get(hash)!) : bytesBlob(hash, tree)
    })
    await shelf.store(encodePack(blobs), never)
    isWhole = flaws !== undefined && (await layOut(shelf, scanned.root, flaws, scanned.bytes, 1, never))
  }
  const path = join(shelf.pathOf(scanned.root), "m.gguf")
  assert.ok(readFileSync(path).equals(weights))
  assert.deepEqual(
    readFileSync(join(shelf.pathOf(scanned.root), "other.gguf")),
    readFileSync(scratch.at("set/other.gguf")),
  )
  // The configuration, and what only looked like it.
  assert.equal(new Set(asked).size, 2)
  const after = statSync(scratch.at(`${cache}/blobs/abc`))
  assert.deepEqual([after.mode, after.nlink, after.mtimeMs], [before.mode, before.nlink, before.mtimeMs])
  assert.notEqual(statSync(path).ino, after.ino)
})
