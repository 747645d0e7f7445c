import assert from "node:assert/strict"
import * as fs from "node:fs"
import { test } from "node:test"
import fc from "fast-check"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import type { BlobHash } from "../protocol/ids.ts"
import { BlobFolder } from "./blob-folder.ts"
import { diffClosure, measureTree, missingFrom, WholeTrees } from "./diff.ts"
import { hashBytes } from "./hash.ts"
import { materializeTree } from "./materialize.ts"
import { missingBlobs } from "./missing-blobs.ts"
import { encodePack, readPack } from "./pack.ts"
import { scanTree } from "./scan.ts"
import type { ScannedTree } from "./scanned-tree.ts"
import { CHUNK_BYTES, EMPTY_TREE, EMPTY_TREE_BYTES, encodeTree } from "./tree.ts"

/** Sends a scanned folder into a blob folder as sender and server do; returns how many blobs went. */
async function send(scanned: ScannedTree, blobs: BlobFolder): Promise<number> {
  const missing = await missingBlobs(scanned, async (hashes) => blobs.missing(hashes))
  return readPack(encodePack(missing), blobs)
}

const name = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
  .filter((text) => text.isWellFormed() && text !== "." && text !== ".." && !/[/\0]/.test(text))
type Content = string | null | { readonly [name: string]: Content }
const { folder } = fc.letrec<{ folder: Content; node: Content }>((tie) => ({
  node: fc.oneof({ depthSize: "small" }, fc.string(), fc.constant(null), tie("folder")),
  folder: fc.dictionary(name, tie("node"), { maxKeys: 6, noNullPrototype: true }),
}))

/** Writes strings as files, `null` as links, objects as folders. */
function write(path: string, content: Content): void {
  if (content === null) fs.symlinkSync("somewhere/else", path)
  else if (typeof content === "string") fs.writeFileSync(path, content, { mode: content.length % 2 ? 0o755 : 0o640 })
  else {
    fs.mkdirSync(path)
    for (const [name, below] of Object.entries(content)) write(`${path}/${name}`, below)
  }
}

test("scan, pack, store, lay out, scan again: the same root hash", async () => {
  using scratch = new ScratchFolder()
  const blobs = new BlobFolder(scratch.at("blobs"))
  let run = 0
  await fc.assert(
    fc.asyncProperty(folder, async (content) => {
      run++
      write(scratch.at(`from${run}`), content)
      const from = await scanTree(scratch.at(`from${run}`), { rules: EVERYTHING })
      await send(from, blobs)
      assert.deepEqual(missingFrom(from.root, blobs), [])
      const index = await materializeTree(from.root, scratch.at(`to${run}`), blobs)
      assert.equal(index.record.hash, from.root)
      assert.equal((await scanTree(scratch.at(`to${run}`), { rules: EVERYTHING })).root, from.root)
    }),
    { numRuns: 30 },
  )
})

/** Names from fast-check may be those of secrets or ignore files. */
const EVERYTHING = {
  root: "",
  top: () => ({ fingerprint: "" }),
  enter: () => ({ fingerprint: "" }),
  decide: () => undefined,
} as never

test("only what changed travels a second time", async () => {
  using scratch = new ScratchFolder()
  const blobs = new BlobFolder(scratch.at("blobs"))
  const root = scratch.write({ "a/b/x": "one", "a/y": "two", "c/z": "three", "c/same": "one" }, "root")
  assert.equal(await send(await scanTree(root), blobs), 7)
  assert.equal(await send(await scanTree(root), blobs), 0)
  fs.writeFileSync(`${root}/a/b/x`, "changed")
  const changed = await scanTree(root)
  assert.equal(await send(changed, blobs), 4)
  assert.deepEqual(missingFrom(changed.root, blobs), [])
})

test("a hole below a folder that is there is found when asked thoroughly", async () => {
  using scratch = new ScratchFolder()
  const blobs = new BlobFolder(scratch.at("blobs"))
  const scanned = await scanTree(scratch.write({ "a/x": "one", "a/y": "two" }, "root"))
  await send(scanned, blobs)
  const [hole] = scanned.sources.keys()
  blobs.drop(hole!)
  const ask = async (hashes: readonly BlobHash[]) => blobs.missing(hashes)
  assert.deepEqual(await missingBlobs(scanned, ask), [])
  assert.deepEqual(
    (await missingBlobs(scanned, ask, { thorough: true })).map(({ hash }) => hash),
    [hole],
  )
})

test("with a stat cache one question is enough, and none for a small difference", async () => {
  using scratch = new ScratchFolder()
  const { StatCache } = await import("./stat-cache.ts")
  const blobs = new BlobFolder(scratch.at("blobs"))
  const root = scratch.write({ "a/b/x": "one", "a/y": "two" }, "root")
  const cache = new StatCache(scratch.at("cache"), root)
  await send(await scanTree(root, { cache }), blobs)
  fs.writeFileSync(`${root}/a/b/x`, "changed")
  fs.writeFileSync(`${root}/a/b/new`, "new")
  const changed = await scanTree(root, { cache })
  const questions: number[] = []
  const missing = await missingBlobs(changed, async (hashes) => {
    questions.push(hashes.length)
    return blobs.missing(hashes)
  })
  assert.deepEqual(questions, [6])
  const ask = async () => assert.fail("asked")
  const bytes = missing.reduce((sum, blob) => sum + blob.bytes, 0)
  const unasked = await missingBlobs(changed, ask, { unaskedBytes: bytes })
  assert.deepEqual(
    unasked.map(({ hash }) => hash),
    missing.map(({ hash }) => hash),
  )
  await assert.rejects(missingBlobs(changed, ask, { unaskedBytes: bytes - 1 }), /asked/)
  await readPack(encodePack(missing), blobs)
  assert.deepEqual(missingFrom(changed.root, blobs), [])
  const before = changed.previous?.hash as BlobHash
  const read = (hash: BlobHash) => blobs.readSync(hash)
  const named = diffClosure(before, changed.root, read)
  assert.deepEqual(named?.toSorted(), missing.map(({ hash }) => hash).toSorted())
  assert.equal(diffClosure(before, changed.root, read, missing.length - 1), undefined)
  assert.deepEqual(diffClosure(before, changed.root, read, missing.length), named)
})

test("files over the chunk size are put together from their chunks", async () => {
  using scratch = new ScratchFolder()
  const blobs = new BlobFolder(scratch.at("blobs"))
  fs.mkdirSync(scratch.at("root"))
  const file = fs.openSync(scratch.at("root/weights"), "w", 0o640)
  fs.writeSync(file, "middle", CHUNK_BYTES)
  fs.writeSync(file, "end", CHUNK_BYTES + 50)
  fs.closeSync(file)
  const scanned = await scanTree(scratch.at("root"))
  await send(scanned, blobs)
  await materializeTree(scanned.root, scratch.at("to"), blobs)
  assert.equal((await scanTree(scratch.at("to"))).root, scanned.root)

  const [entry] = scanned.record.entries
  assert(entry?.kind === "file" && entry.chunks !== null)
  fs.truncateSync(blobs.path(entry.chunks[1]!), 10)
  await assert.rejects(materializeTree(scanned.root, scratch.at("again"), blobs), { code: "blobs_missing" })
  assert.deepEqual(missingFrom(scanned.root, blobs), [entry.chunks[1]])
})

test("a job writes into its own copy only", async () => {
  using scratch = new ScratchFolder()
  const blobs = new BlobFolder(scratch.at("blobs"))
  const scanned = await scanTree(scratch.write({ small: "one", large: "x".repeat(200_000) }, "root"))
  await send(scanned, blobs)
  await materializeTree(scanned.root, scratch.at("first"), blobs)
  await materializeTree(scanned.root, scratch.at("second"), blobs)
  for (const file of ["small", "large"]) fs.appendFileSync(scratch.at("first", file), "!")
  assert.equal((await scanTree(scratch.at("second"))).root, scanned.root)
  for (const hash of scanned.sources.keys()) assert.equal(hashBytes(fs.readFileSync(blobs.path(hash))), hash)
})

test("materializeTree() writes nothing over or through what is there", async () => {
  using scratch = new ScratchFolder()
  const blobs = new BlobFolder(scratch.at("blobs"))
  const scanned = await scanTree(scratch.write({ "sub/x": "one" }, "root"))
  await send(scanned, blobs)
  fs.mkdirSync(scratch.at("outside"))
  fs.symlinkSync(scratch.at("outside"), scratch.at("link"))
  await assert.rejects(materializeTree(scanned.root, scratch.at("link"), blobs), { code: "unsafe_path" })
  assert.deepEqual(fs.readdirSync(scratch.at("outside")), [])
})

test("materializeTree() says which blob is missing, and drops one cut short", async () => {
  using scratch = new ScratchFolder()
  const blobs = new BlobFolder(scratch.at("blobs"))
  const scanned = await scanTree(scratch.write({ a: "one", b: "x".repeat(100_000) }, "root"))
  await send(scanned, blobs)
  const [one, two] = [...scanned.sources.keys()] as [BlobHash, BlobHash]
  const whole = new WholeTrees(blobs)
  assert.deepEqual(whole.missingFrom(scanned.root), [])
  for (const hash of [one, two]) {
    fs.truncateSync(blobs.path(hash), 1)
    const into = scratch.at(`to-${hash}`)
    await assert.rejects(materializeTree(scanned.root, into, blobs), {
      code: "blobs_missing",
      details: { missing: [hash] },
    })
    assert.deepEqual(whole.missingFrom(scanned.root), [hash])
    blobs.write(hash, fs.readFileSync(scanned.sources.get(hash)!.path))
  }
  blobs.drop(scanned.root)
  await assert.rejects(materializeTree(scanned.root, scratch.at("last"), blobs), { code: "blobs_missing" })
})

test("read-only files and folders are laid out", async () => {
  using scratch = new ScratchFolder()
  const blobs = new BlobFolder(scratch.at("blobs"))
  const root = scratch.write({ "sub/x": "one" }, "root")
  fs.chmodSync(`${root}/sub/x`, 0o444)
  fs.chmodSync(`${root}/sub`, 0o555)
  const scanned = await scanTree(root)
  await send(scanned, blobs)
  await materializeTree(scanned.root, scratch.at("to"), blobs)
  assert.equal(fs.statSync(scratch.at("to/sub")).mode & 0o777, 0o555)
  assert.equal((await scanTree(scratch.at("to"))).root, scanned.root)
  for (const path of [`${root}/sub`, scratch.at("to/sub")]) fs.chmodSync(path, 0o755)
})

test("a small tree that stands for billions of entries is found out", () => {
  const objects = new Map<BlobHash, Uint8Array>([[EMPTY_TREE, EMPTY_TREE_BYTES]])
  let top = EMPTY_TREE
  for (let i = 0; i < 40; i++) {
    const bytes = encodeTree(["a", "b"].map((name) => ({ kind: "folder", name, mode: 0o755, hash: top })))
    top = hashBytes(bytes)
    objects.set(top, bytes)
  }
  assert.throws(() => measureTree(top, (hash) => objects.get(hash)!), { code: "too_large" })
  for (let i = 0; i < 2200; i++) {
    const bytes = encodeTree([{ kind: "folder", name: "a", mode: 0o755, hash: i === 0 ? EMPTY_TREE : top }])
    top = hashBytes(bytes)
    objects.set(top, bytes)
  }
  assert.throws(() => measureTree(top, (hash) => objects.get(hash)!), { code: "unsafe_path" })
})
