import assert from "node:assert/strict"
import * as fs from "node:fs"
import { test } from "node:test"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import type { BlobHash } from "../protocol/ids.ts"
import { BlobFolder } from "./blob-folder.ts"
import { layOver } from "./lay-over.ts"
import { missingBlobs } from "./missing-blobs.ts"
import { encodePack, readPack } from "./pack.ts"
import { scanTree } from "./scan.ts"

/** The tree of these files, and the folder that has its blobs. */
async function treeOf(scratch: ScratchFolder): Promise<{ readonly root: BlobHash; readonly blobs: BlobFolder }> {
  const scanned = await scanTree(scratch.at("left"))
  const blobs = new BlobFolder(scratch.at("blobs"))
  await readPack(encodePack(await missingBlobs(scanned, async (hashes) => blobs.missing(hashes))), blobs)
  return { root: scanned.root, blobs }
}

const read = (path: string) => fs.readFileSync(path, "utf8")

test("what the tree names takes the place of what is there; the rest stays", async () => {
  using scratch = new ScratchFolder()
  const large = "x".repeat(5_000_000)
  scratch.write({ "kept/a": "new", "kept/deep/b": "b", large, run: "#!/bin/sh" }, "left")
  fs.chmodSync(scratch.at("left/run"), 0o755)
  scratch.write({ "kept/a": "old", "kept/c": "c", "data/d": "d" }, "work")
  const { root, blobs } = await treeOf(scratch)
  await layOver(root, scratch.at("work"), blobs)
  const work = (path: string) => read(scratch.at(`work/${path}`))
  assert.deepEqual([work("kept/a"), work("kept/deep/b"), work("kept/c"), work("data/d")], ["new", "b", "c", "d"])
  assert.equal(work("large"), large)
  assert.equal(fs.statSync(scratch.at("work/run")).mode & 0o777, 0o755)
  // Each job has files of its own: the blob is nobody's to write.
  fs.writeFileSync(scratch.at("work/kept/a"), "changed")
  await layOver(root, scratch.at("work"), blobs)
  assert.equal(work("kept/a"), "new")
})

test("links are replaced, never followed; files and folders change places; a folder closed to writing is opened", async () => {
  using scratch = new ScratchFolder()
  scratch.write({ "kept/a": "a", "was-file/b": "b", "was-folder": "c", "closed/d": "d" }, "left")
  fs.symlinkSync("kept", scratch.at("left/link"))
  scratch.write({ "outside/x": "x", "work/was-file": "", "work/was-folder/y": "y", "work/closed/z": "z" })
  fs.symlinkSync("../outside", scratch.at("work/kept"))
  fs.symlinkSync("../../outside/x", scratch.at("work/closed/d"))
  fs.chmodSync(scratch.at("work/was-folder"), 0o500)
  fs.chmodSync(scratch.at("work/closed"), 0o500)
  const { root, blobs } = await treeOf(scratch)
  await layOver(root, scratch.at("work"), blobs)
  assert.equal(read(scratch.at("work/link/a")), "a")
  assert.equal(read(scratch.at("work/was-file/b")), "b")
  assert.equal(read(scratch.at("work/was-folder")), "c")
  assert.equal(read(scratch.at("work/closed/d")), "d")
  assert.equal(read(scratch.at("work/closed/z")), "z")
  assert.deepEqual(fs.readdirSync(scratch.at("outside")), ["x"])
  assert.equal(read(scratch.at("outside/x")), "x")
})

test("excepted paths are left as they are, and what is missing of the tree is told", async () => {
  using scratch = new ScratchFolder()
  scratch.write({ "data/set/a": "mine", "data/b": "b", c: "c" }, "left")
  scratch.write({ "work/": "" })
  const { root, blobs } = await treeOf(scratch)
  await layOver(root, scratch.at("work"), blobs, { except: ["data/set"] })
  assert.deepEqual(fs.readdirSync(scratch.at("work/data")), ["b"])
  const empty = new BlobFolder(scratch.at("empty"))
  await assert.rejects(layOver(root, scratch.at("work"), empty), { code: "blobs_missing" })
})
