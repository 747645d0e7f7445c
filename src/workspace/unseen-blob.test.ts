import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { rmSync, truncateSync, writeFileSync } from "node:fs"
import { test } from "node:test"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import { BlobFolder } from "./blob-folder.ts"
import { hashBytes } from "./hash.ts"
import { encodePack, readPack } from "./pack.ts"
import { unseenBlob } from "./unseen-blob.ts"

test("large blobs whose pieces share memory arrive whole; one that is something else is refused, one cut short or gone breaks off", async () => {
  using scratch = new ScratchFolder()
  const contents = [randomBytes(3_000_000), randomBytes(2_100_001), Buffer.from("small")]
  const blobs = contents.map((bytes, i) => {
    writeFileSync(scratch.at(`${i}`), bytes)
    return unseenBlob(hashBytes(bytes), { path: scratch.at(`${i}`), start: 0, bytes: bytes.length })
  })
  const folder = new BlobFolder(scratch.at("blobs"))
  assert.equal(await readPack(encodePack(blobs), folder), 3)
  for (const bytes of contents) assert.ok(bytes.equals(folder.readSync(hashBytes(bytes))))
  const other = new BlobFolder(scratch.at("other"))
  writeFileSync(scratch.at("1"), randomBytes(2_100_001))
  await assert.rejects(readPack(encodePack(blobs), other), { code: "corrupt_data" })
  assert.equal(other.count, 1)
  truncateSync(scratch.at("1"), 2_000_000)
  await assert.rejects(readPack(encodePack([blobs[1]!]), other), { code: "blobs_missing" })
  rmSync(scratch.at("1"))
  await assert.rejects(readPack(encodePack([blobs[1]!]), other), { code: "blobs_missing" })
  assert.equal(other.count, 1)
})
