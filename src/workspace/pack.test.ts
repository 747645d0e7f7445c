import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { WindfallError } from "../protocol/errors.ts"
import type { BlobHash } from "../protocol/ids.ts"
import { hashBytes } from "./hash.ts"
import { type BlobSink, encodePack, type PackBlob, readPack } from "./pack.ts"

const MEGABYTE = 1024 * 1024

function blob(bytes: Uint8Array, pieces = false): PackBlob {
  const open = () => (pieces ? cut(bytes, 100_000) : bytes)
  return { hash: hashBytes(bytes), bytes: bytes.length, open }
}

async function* cut(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length)
}

async function whole(pack: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(pack))
}

/** Keeps blobs in memory and counts what was begun and not ended. */
class MemorySink implements BlobSink {
  readonly blobs = new Map<BlobHash, Buffer>()
  open = 0

  write(hash: BlobHash, bytes: Uint8Array): void {
    this.blobs.set(hash, Buffer.from(bytes))
  }

  begin(hash: BlobHash) {
    const pieces: Buffer[] = []
    this.open++
    return {
      write: (piece: Uint8Array) => {
        pieces.push(Buffer.from(piece))
      },
      commit: () => {
        this.open--
        this.blobs.set(hash, Buffer.concat(pieces))
      },
      abort: () => {
        this.open--
      },
    }
  }
}

test("readPack() gives back what encodePack() packed, however the bytes are cut", async () => {
  const large = Buffer.alloc(MEGABYTE + 1, "large")
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }),
      fc.integer({ min: 1, max: 400 }),
      async (contents, length) => {
        const sink = new MemorySink()
        const packed = await whole(encodePack(contents.map((content) => blob(content))))
        assert.equal(await readPack(cut(packed, length), sink), contents.length)
        assert.deepEqual(new Set(sink.blobs.keys()), new Set(contents.map(hashBytes)))
      },
    ),
  )
  const sink = new MemorySink()
  const packed = await whole(encodePack([blob(large, true), blob(Buffer.alloc(0)), blob(large.subarray(1))]))
  assert.equal(await readPack(cut(packed, 65_536), sink), 3)
  assert.deepEqual(sink.blobs.get(hashBytes(large)), large)
  assert.equal(sink.open, 0)
})

test("pieces that are good only until the next is asked for arrive as they were", async () => {
  const bytes = Buffer.from(Array.from({ length: 3 * MEGABYTE }, (_, i) => i % 251))
  const reused = Buffer.alloc(100_000)
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += reused.length) yield reused.subarray(0, bytes.copy(reused, 0, at))
  }
  const sink = new MemorySink()
  const packed = encodePack([{ hash: hashBytes(bytes), bytes: bytes.length, open: pieces }])
  await readPack(packed, sink)
  assert.deepEqual(sink.blobs.get(hashBytes(bytes)), bytes)
})

test("readPack() throws nothing but WindfallError on garbage, and keeps nothing that is not what its hash says", async () => {
  const check = async (bytes: Uint8Array): Promise<void> => {
    const sink = new MemorySink()
    try {
      await readPack(cut(bytes, 37), sink)
    } catch (error) {
      assert(error instanceof WindfallError && error.code === "corrupt_data", String(error))
    }
    assert.equal(sink.open, 0)
    for (const [hash, content] of sink.blobs) assert.equal(hashBytes(content), hash)
  }
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), check))
  const packed = await whole(encodePack([blob(Buffer.from("one")), blob(Buffer.alloc(0)), blob(Buffer.from("three"))]))
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: packed.length - 1 }), fc.nat({ max: 255 }), async (at, value) => {
      const spoiled = Buffer.from(packed)
      spoiled[at] = value
      await check(spoiled)
      await check(packed.subarray(0, at))
    }),
  )
})

test("readPack() keeps the blobs before a break and nothing of the broken one", async () => {
  const large = Buffer.alloc(MEGABYTE * 2, "x")
  const packed = await whole(encodePack([blob(Buffer.from("first")), blob(large)]))
  const sink = new MemorySink()
  await assert.rejects(readPack(cut(packed.subarray(0, packed.length - 1), 65_536), sink), { code: "corrupt_data" })
  assert.deepEqual([...sink.blobs.keys()], [hashBytes(Buffer.from("first"))])
  assert.equal(sink.open, 0)

  packed[packed.length - 1]! ^= 1
  await assert.rejects(readPack(cut(packed, 65_536), sink), { code: "corrupt_data" })
  assert.equal(sink.blobs.size, 1)
  assert.equal(sink.open, 0)
})

test("encodePack() refuses a blob that gives another number of bytes than it said", async () => {
  for (const bytes of [3, 5]) {
    const lying: PackBlob = { hash: hashBytes(Buffer.from("four")), bytes, open: () => Buffer.from("four") }
    await assert.rejects(whole(encodePack([lying])), { code: "corrupt_data" })
  }
})

test("readPack() stops when it is aborted", async () => {
  const packed = await whole(encodePack([blob(Buffer.from("one"))]))
  await assert.rejects(readPack(cut(packed, 5), new MemorySink(), { signal: AbortSignal.abort() }), {
    name: "AbortError",
  })
})
