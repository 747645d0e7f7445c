import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { once } from "node:events"
import { chmodSync, writeFileSync } from "node:fs"
import { connect as connectPlain } from "node:net"
import { test } from "node:test"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import { hashBytes } from "../../workspace/hash.ts"
import { type BlobSource, sourceBlob } from "../../workspace/sources.ts"
import { DataShelf } from "./data-shelf.ts"
import { fetchDirectly } from "./fetch-directly.ts"
import type { LaidOutIndex } from "./laid-out-index.ts"
import { offerData } from "./offer-data.ts"

const never = new AbortController().signal

function shelfIn(scratch: ScratchFolder): DataShelf {
  return new DataShelf({ folder: scratch.at("shelf"), bootId: "b", onChange: () => {} })
}

/** Files as they lie laid out, with their hashes. */
function laidOut(scratch: ScratchFolder, contents: readonly Uint8Array[]): LaidOutIndex & { hashes: BlobHash[] } {
  const blobs = new Map<BlobHash, BlobSource>()
  for (const [i, bytes] of contents.entries()) {
    writeFileSync(scratch.at(`file-${i}`), bytes)
    blobs.set(hashBytes(bytes), { path: scratch.at(`file-${i}`), start: 0, bytes: bytes.length })
  }
  return { blobs, files: new Map(), hashes: [...blobs.keys()] }
}

/** Offers all of them. */
function offerAll({ blobs, hashes }: ReturnType<typeof laidOut>, signal: AbortSignal) {
  const piece = async (hash: BlobHash) => {
    const source = blobs.get(hash)
    return source && sourceBlob(hash, source)
  }
  return offerData(new Set(hashes), piece, signal)
}

test("who has the key gets the blobs, once; then nothing listens any more", async () => {
  using scratch = new ScratchFolder()
  const index = laidOut(scratch, [randomBytes(3_000_000), Buffer.from("small"), randomBytes(100_000)])
  const { offer, ended } = await offerAll(index, never)
  const here = { ...offer, addresses: ["127.0.0.1"] }
  const shelf = shelfIn(scratch)
  await fetchDirectly(here, index.hashes, shelf, never)
  assert.deepEqual(shelf.blobs.missing(index.hashes), [])
  await ended
  const again = connectPlain(offer.port, "127.0.0.1")
  await assert.rejects(once(again, "connect"), { code: "ECONNREFUSED" })
})

test("who has another key, or none, gets nothing and uses nothing up", async () => {
  using scratch = new ScratchFolder()
  const index = laidOut(scratch, [Buffer.from("for one alone")])
  const { offer, ended } = await offerAll(index, never)
  const here = { ...offer, addresses: ["127.0.0.1"] }
  const shelf = shelfIn(scratch)
  await fetchDirectly({ ...here, key: randomBytes(32).toString("base64") }, index.hashes, shelf, never)
  assert.equal(shelf.blobs.count, 0)
  const plain = connectPlain(offer.port, "127.0.0.1")
  plain.end("GET / HTTP/1.1\r\n\r\n")
  let heard = ""
  for await (const piece of plain) heard += (piece as Buffer).toString("latin1")
  assert.ok(!heard.includes("for one alone"))
  await fetchDirectly(here, index.hashes, shelf, never)
  assert.deepEqual(shelf.blobs.missing(index.hashes), [])
  await ended
})

test("what was changed since it was laid out does not leave: the rest comes from the server", async () => {
  using scratch = new ScratchFolder()
  const index = laidOut(scratch, [Buffer.from("sound"), Buffer.from("right")])
  chmodSync(scratch.at("file-1"), 0o644)
  writeFileSync(scratch.at("file-1"), "wrong")
  const { offer, ended } = await offerAll(index, never)
  const shelf = shelfIn(scratch)
  await fetchDirectly({ ...offer, addresses: ["127.0.0.1"] }, index.hashes, shelf, never)
  assert.ok(!shelf.blobs.has(index.hashes[1]!))
  await ended
})

test("an offer ends with the signal, also while nobody has come", async () => {
  using scratch = new ScratchFolder()
  const stop = new AbortController()
  const { offer, ended } = await offerAll(laidOut(scratch, [Buffer.from("x")]), stop.signal)
  stop.abort()
  await ended
  const shelf = shelfIn(scratch)
  await fetchDirectly({ ...offer, addresses: ["127.0.0.1"] }, [hashBytes(Buffer.from("x"))], shelf, never)
  assert.equal(shelf.blobs.count, 0)
})
