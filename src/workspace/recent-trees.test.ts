import assert from "node:assert/strict"
import { test } from "node:test"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import type { BlobHash } from "../protocol/ids.ts"
import { BlobFolder } from "./blob-folder.ts"
import { missingFrom } from "./diff.ts"
import { missingBlobs } from "./missing-blobs.ts"
import { encodePack, readPack } from "./pack.ts"
import { RecentTrees } from "./recent-trees.ts"
import { scanTree } from "./scan.ts"

test("trim() keeps the latest used trees whole and what is pinned, also after a restart", async () => {
  using scratch = new ScratchFolder()
  const blobs = new BlobFolder(scratch.at("blobs"))
  const roots: BlobHash[] = []
  for (let i = 0; i < 4; i++) {
    const scanned = await scanTree(scratch.write({ own: `${i}`.repeat(1000), shared: "s".repeat(1000) }, `tree${i}`))
    await readPack(encodePack(await missingBlobs(scanned, async (hashes) => blobs.missing(hashes))), blobs)
    roots.push(scanned.root)
  }
  const [a, b, c, d] = roots as [BlobHash, BlobHash, BlobHash, BlobHash]
  const recent = new RecentTrees(scratch.at("trees"), blobs)
  for (const root of [d, a, b, c, a]) recent.use(root, 1000)
  assert.deepEqual(recent.list(), [a, c, b, d])

  const again = new RecentTrees(scratch.at("trees"), new BlobFolder(scratch.at("blobs")))
  assert.deepEqual(again.list(), [a, c, b, d])
  assert.equal(await recent.trim(1_000_000), 0)
  assert(await recent.trim(3500, [d]))
  assert.deepEqual(
    roots.map((root) => missingFrom(root, blobs).length === 0),
    [true, false, false, true],
  )
  assert.deepEqual(recent.list(), [a, d])
  assert(blobs.sizeBytes <= 3500)
})
