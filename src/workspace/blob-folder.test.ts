import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import { test } from "node:test"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import { BlobFolder } from "./blob-folder.ts"
import { hashBytes } from "./hash.ts"
import { writeFile } from "./materialize.ts"
import { encodePack, readPack } from "./pack.ts"
import { Slices } from "./slices.ts"
import { bytesBlob } from "./sources.ts"

const one = Buffer.from("one")
const two = Buffer.from("two and more")
const [hashOne, hashTwo] = [hashBytes(one), hashBytes(two)]

test("a blob folder gives back what was written, also after it is opened again", async () => {
  using scratch = new ScratchFolder()
  const blobs = new BlobFolder(scratch.at("blobs"))
  blobs.write(hashOne, one)
  blobs.write(hashOne, one)
  assert.equal(blobs.sizeBytes, one.length)
  assert.deepEqual(blobs.missing([hashOne, hashTwo, hashTwo]), [hashTwo])
  await blobs.flush()

  const again = new BlobFolder(scratch.at("blobs"))
  assert.equal(again.sizeBytes, one.length)
  assert.equal(again.bytesOf(hashOne), one.length)
  assert.deepEqual(Buffer.from(await again.read(hashOne)), one)
  assert.deepEqual(Buffer.concat(await Array.fromAsync(again.open(hashOne, { start: 1 }))), one.subarray(1))
})

test("a blob that is not there is asked for by name", () => {
  using scratch = new ScratchFolder()
  const blobs = new BlobFolder(scratch.at("blobs"))
  assert.throws(() => blobs.readSync(hashTwo), { code: "blobs_missing", details: { missing: [hashTwo] } })
  assert.throws(() => blobs.path(hashTwo), { code: "blobs_missing" })
})

test("a damaged blob is dropped when it is read, so that it can come again", async () => {
  using scratch = new ScratchFolder()
  const blobs = new BlobFolder(scratch.at("blobs"))
  blobs.write(hashOne, one)
  blobs.write(hashTwo, two)
  fs.writeFileSync(blobs.path(hashOne), "eno")
  fs.truncateSync(blobs.path(hashTwo), 3)
  assert.throws(() => blobs.readSync(hashOne), { code: "blobs_missing" })
  await assert.rejects(Array.fromAsync(blobs.open(hashTwo)), { code: "blobs_missing" })
  assert.deepEqual([blobs.has(hashOne), blobs.has(hashTwo), blobs.sizeBytes], [false, false, 0])
  blobs.write(hashOne, one)
  assert.deepEqual(Buffer.from(blobs.readSync(hashOne)), one)
})

test("a pipe, a device or a folder in a blob's place is a damaged blob: nobody waits for it, and it goes", async () => {
  using scratch = new ScratchFolder()
  const blobs = new BlobFolder(scratch.at("blobs"))
  const large = Buffer.alloc(100_000, "large")
  const hash = hashBytes(large)
  const places: readonly ((path: string) => void)[] = [
    (path) => void execFileSync("mkfifo", [path]),
    (path) => fs.symlinkSync("/dev/zero", path),
    (path) => fs.mkdirSync(path),
  ]
  for (const place of places) {
    const replace = () => {
      blobs.write(hash, large)
      fs.rmSync(blobs.path(hash))
      place(blobs.path(hash))
    }
    replace()
    assert.throws(() => blobs.readSync(hash), { code: "blobs_missing" })
    replace()
    const file = { kind: "file", name: "a", mode: 0o600, bytes: large.length, hash, chunked: false } as const
    await assert.rejects(writeFile(scratch.at("a"), file, blobs, new Slices(10)), { code: "blobs_missing" })
    assert.equal(blobs.has(hash), false)
    replace()
    await assert.rejects(Array.fromAsync(blobs.open(hash)), { code: "blobs_missing" })
  }
})

test("what a killed process left half-written is gone after opening", () => {
  using scratch = new ScratchFolder()
  scratch.write({ "blobs/tmp/7": "half", "blobs/ab/garbage": "", "blobs/notes.txt": "" })
  const blobs = new BlobFolder(scratch.at("blobs"))
  assert.equal(blobs.count, 0)
  assert.deepEqual(fs.readdirSync(scratch.at("blobs/tmp")), [])
})

test("a large blob that breaks off leaves nothing behind", async () => {
  using scratch = new ScratchFolder()
  const blobs = new BlobFolder(scratch.at("blobs"))
  const large = Buffer.alloc(3_000_000, "large")
  const hash = hashBytes(large)
  const pack = Buffer.concat(await Array.fromAsync(encodePack([bytesBlob(hash, large)])))
  async function* broken() {
    yield pack.subarray(0, 2_000_000)
    throw new Error("link lost")
  }
  await assert.rejects(readPack(broken(), blobs), /link lost/)
  assert.deepEqual([blobs.count, fs.readdirSync(scratch.at("blobs/tmp"))], [0, []])
  await readPack([pack].values() as never, blobs)
  assert.deepEqual(Buffer.from(blobs.readSync(hash)), large)
  await blobs.flush()
})

test("evict() removes the least recently used first and never what is kept", async () => {
  using scratch = new ScratchFolder()
  const contents = Array.from({ length: 10 }, (_, i) => Buffer.alloc(100, String(i)))
  const hashes = contents.map(hashBytes)
  const first = new BlobFolder(scratch.at("blobs"))
  for (const [i, content] of contents.entries()) {
    await first.write(hashes[i]!, content)
    fs.utimesSync(first.path(hashes[i]!), 1000 + i, 1000 + i)
  }
  const blobs = new BlobFolder(scratch.at("blobs"))
  blobs.path(hashes[0]!)
  const before = blobs.generation
  assert.equal(await blobs.evict((hash) => hash === hashes[1], 500), 500)
  assert(blobs.generation > before)
  assert.deepEqual(
    hashes.map((hash) => blobs.has(hash)),
    [true, true, false, false, false, false, false, true, true, true],
  )
  assert.equal(await blobs.evict(() => true, 0), 0)
  assert.equal(new BlobFolder(scratch.at("blobs")).sizeBytes, 500)
})

test("flush() makes many blobs durable in one go", async () => {
  using scratch = new ScratchFolder()
  const blobs = new BlobFolder(scratch.at("blobs"))
  for (let i = 0; i < 100; i++) {
    const content = Buffer.from(`content ${i}`)
    blobs.write(hashBytes(content), content)
  }
  await blobs.flush()
  await blobs.flush()
  assert.equal(blobs.count, 100)
})
