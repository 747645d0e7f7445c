import assert from "node:assert/strict"
import * as fs from "node:fs"
import { test } from "node:test"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import { damageBlob } from "../../test/support/small-trees.ts"
import { BlobFolder } from "./blob-folder.ts"
import { dropDamaged, openSound } from "./damage.ts"
import { missingFrom } from "./diff.ts"
import { hashBytes } from "./hash.ts"
import { missingBlobs, packBlobs } from "./missing-blobs.ts"
import { encodePack, readPack } from "./pack.ts"
import { scanTree } from "./scan.ts"
import type { ScannedTree } from "./scanned-tree.ts"

const { signal } = new AbortController()
const large = Buffer.alloc(3_000_000, "large")
const hashOf = (text: string | Buffer) => hashBytes(Buffer.from(text))

async function stored(scratch: ScratchFolder, files: Readonly<Record<string, string | Buffer>>) {
  const blobs = new BlobFolder(scratch.at("blobs"))
  const scanned = await scanTree(scratch.write(files, "sent"))
  await readPack(encodePack(await missingBlobs(scanned, async (hashes) => blobs.missing(hashes))), blobs)
  return { blobs, scanned }
}

async function sendAgain(blobs: BlobFolder, scanned: ScannedTree): Promise<void> {
  const hashes = new Set(blobs.missing([...scanned.trees.keys(), ...scanned.sources.keys()]))
  await readPack(encodePack(packBlobs(scanned, hashes)), blobs)
}

test("all that is damaged in a tree is found by one look and can be asked for at once", async () => {
  using scratch = new ScratchFolder()
  const { blobs, scanned } = await stored(scratch, { a: "one", "sub/b": "two", "sub/c": "three", large, good: "good" })
  for (const hash of [hashOf("one"), hashOf("three"), hashOf(large)]) damageBlob(blobs, hash)
  fs.truncateSync(blobs.path(hashOf("two")), 1)
  assert.deepEqual(missingFrom(scanned.root, blobs), [], "by their names all are there")
  assert.equal(await dropDamaged(scanned.root, blobs, signal), true)
  const lost = [hashOf("one"), hashOf("two"), hashOf("three"), hashOf(large)]
  assert.deepEqual(missingFrom(scanned.root, blobs).toSorted(), lost.toSorted())
  assert.equal(blobs.damaged, 4)
  await sendAgain(blobs, scanned)
  assert.equal(await dropDamaged(scanned.root, blobs, signal), true)
  assert.deepEqual(missingFrom(scanned.root, blobs), [])
})

test("what lies below a damaged folder is looked at once the folder has come again", async () => {
  using scratch = new ScratchFolder()
  const { blobs, scanned } = await stored(scratch, { "sub/a": "one", b: "two" })
  const [sub] = [...scanned.trees.keys()].filter((hash) => hash !== scanned.root)
  assert.ok(sub)
  damageBlob(blobs, sub)
  damageBlob(blobs, hashOf("one"))
  assert.equal(await dropDamaged(scanned.root, blobs, signal), false)
  await sendAgain(blobs, scanned)
  assert.equal(await dropDamaged(scanned.root, blobs, signal), true)
  assert.deepEqual(missingFrom(scanned.root, blobs), [hashOf("one")])
})

test("a damaged large blob never arrives whole, and is dropped", async () => {
  using scratch = new ScratchFolder()
  const { blobs } = await stored(scratch, { large })
  assert.deepEqual(Buffer.concat(await Array.fromAsync(openSound(blobs, hashOf(large)))), large)
  damageBlob(blobs, hashOf(large))
  let arrived = 0
  const reading = async () => {
    for await (const piece of openSound(blobs, hashOf(large))) arrived += piece.length
  }
  await assert.rejects(reading(), { code: "blobs_missing" })
  assert.ok(arrived < large.length)
  assert.equal(blobs.has(hashOf(large)), false)
})
