import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import { BlobFolder } from "./blob-folder.ts"
import { GrowingBlobs } from "./growing-blobs.ts"
import { hashBytes } from "./hash.ts"

const never = new AbortController().signal
const bytes = randomBytes(3_000_000)
const hash = hashBytes(bytes)

/** Reads until the last piece that comes by itself. */
async function readAll(pieces: AsyncIterable<Uint8Array>, onBytes: (total: number) => void): Promise<Buffer> {
  const all: Uint8Array[] = []
  let total = 0
  for await (const piece of pieces) {
    all.push(Buffer.from(piece))
    total += piece.length
    onBytes(total)
  }
  return Buffer.concat(all)
}

test("a blob is read while it comes, and its last piece once it is verified", async () => {
  using scratch = new ScratchFolder()
  const folder = new BlobFolder(scratch.at("blobs"))
  const growing = new GrowingBlobs(folder)
  const begun = growing.untilNews()
  const writer = await growing.begin(hash, bytes.length)
  await begun
  const almost = Promise.withResolvers<void>()
  let seen = 0
  const reading = readAll(growing.get(hash)!.read(never), (total) => {
    seen = total
    if (total === bytes.length - 1) almost.resolve()
  })
  await writer.write(bytes.subarray(0, 1_000_000))
  await writer.write(bytes.subarray(1_000_000))
  await almost.promise
  assert.equal(growing.get(hash)?.written, bytes.length)
  assert.equal(seen, bytes.length - 1)
  await writer.commit()
  assert.ok((await reading).equals(bytes))
  assert.equal(growing.get(hash), undefined)
  assert.ok(readFileSync(folder.path(hash)).equals(bytes))
})

test("who reads one that is given up is told, and so is who has waited long enough", async () => {
  using scratch = new ScratchFolder()
  const growing = new GrowingBlobs(new BlobFolder(scratch.at("blobs")))
  const writer = await growing.begin(hash, bytes.length)
  await writer.write(bytes.subarray(0, 1_000))
  const stop = new AbortController()
  const reads = [never, stop.signal].map((signal) => {
    const first = Promise.withResolvers<void>()
    return { first, ended: readAll(growing.get(hash)!.read(signal), () => first.resolve()) }
  })
  for (const { first } of reads) await first.promise
  const stopped = assert.rejects(reads[1]!.ended, /enough/)
  stop.abort(new Error("enough"))
  await stopped
  const gone = assert.rejects(reads[0]!.ended, { code: "blobs_missing" })
  await writer.abort()
  await gone
  assert.equal(growing.get(hash), undefined)
})
