import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { WindfallError } from "../protocol/errors.ts"
import type { BlobHash } from "../protocol/ids.ts"
import { hashBytes } from "./hash.ts"
import {
  CHUNK_BYTES,
  chunkLength,
  compareNames,
  decodeChunkList,
  decodeTree,
  EMPTY_TREE,
  encodeChunkList,
  encodeTree,
  type TreeEntry,
} from "./tree.ts"

const hash = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString("hex") as BlobHash)
const mode = fc.integer({ min: 0, max: 0o777 })
const name = fc
  .string({ unit: "binary", minLength: 1, maxLength: 40 })
  .filter((text) => text.isWellFormed() && text !== "." && text !== ".." && !/[/\0]/.test(text))
const bytes = fc.oneof(fc.nat(), fc.integer({ min: CHUNK_BYTES - 2, max: CHUNK_BYTES + 2 }), fc.maxSafeNat())
const entry: fc.Arbitrary<TreeEntry> = fc.oneof(
  fc
    .record({ name, mode, hash, bytes })
    .map((file) => ({ ...file, kind: "file" as const, chunked: file.bytes > CHUNK_BYTES })),
  fc.record({ kind: fc.constant("folder" as const), name, mode, hash }, { noNullPrototype: true }),
  fc.record({ kind: fc.constant("link" as const), name, target: name }, { noNullPrototype: true }),
)
const entries = fc.uniqueArray(entry, { selector: ({ name }) => name, maxLength: 20 })

test("decodeTree() gives back what encodeTree() was given, in order of name", () => {
  fc.assert(
    fc.property(entries, (some) => {
      const sorted = [...some].sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))
      const encoded = encodeTree(some)
      assert.deepEqual(decodeTree(encoded), sorted)
      assert.deepEqual(encodeTree(some.toReversed()), encoded)
    }),
  )
})

test("decodeTree() throws nothing but WindfallError, and what it accepts is canonical", () => {
  const check = (bytes: Uint8Array): void => {
    let decoded: TreeEntry[]
    try {
      decoded = decodeTree(bytes)
    } catch (error) {
      assert(error instanceof WindfallError, String(error))
      assert(error.code === "unsafe_path" || error.code === "corrupt_data")
      return
    }
    assert.deepEqual(Buffer.from(encodeTree(decoded)), Buffer.from(bytes))
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), check))
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (tail) => check(Buffer.concat([Buffer.from("WTR1"), tail]))))
  fc.assert(
    fc.property(entries, fc.nat(), fc.nat({ max: 255 }), (some, at, value) => {
      const bytes = Buffer.from(encodeTree(some))
      bytes[at % bytes.length] = value
      check(bytes)
      check(bytes.subarray(0, at % (bytes.length + 1)))
    }),
  )
})

test("trees refuse names that leave their folder", () => {
  for (const bad of ["", ".", "..", "a/b", "/", "a\0b", "\ud800", "x".repeat(1025)]) {
    const evil: TreeEntry = { kind: "link", name: bad, target: "x" }
    assert.throws(() => encodeTree([evil]), { code: "unsafe_path" }, JSON.stringify(bad))
  }
  const good = Buffer.from(encodeTree([{ kind: "link", name: "ab", target: "x" }]))
  for (const [bad, code] of [
    ["..", "unsafe_path"],
    ["a/", "unsafe_path"],
    ["\xff\xff", "corrupt_data"],
  ] as const) {
    good.write(bad, 7, "latin1")
    assert.throws(() => decodeTree(good), { code })
  }
  const link: TreeEntry = { kind: "link", name: "a", target: "x" }
  assert.throws(() => encodeTree([link, link]), { code: "unsafe_path" })
})

test("compareNames() orders as the bytes do", () => {
  fc.assert(
    fc.property(name, name, (a, b) => {
      assert.equal(Math.sign(compareNames(a, b)), Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))))
    }),
  )
})

test("chunk lists fit the file they belong to", () => {
  const hashes = ["a", "b", "c"].map((text) => hashBytes(Buffer.from(text)))
  const list = encodeChunkList(hashes)
  assert.deepEqual(decodeChunkList(list, CHUNK_BYTES * 2 + 1), hashes)
  assert.equal(chunkLength(CHUNK_BYTES * 2 + 1, 1), CHUNK_BYTES)
  assert.equal(chunkLength(CHUNK_BYTES * 2 + 1, 2), 1)
  assert.throws(() => decodeChunkList(list, CHUNK_BYTES * 2), { code: "corrupt_data" })
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      try {
        decodeChunkList(bytes)
      } catch (error) {
        assert(error instanceof WindfallError && error.code === "corrupt_data")
      }
    }),
  )
})

test("the empty tree is a constant all parts agree on", () => {
  assert.equal(EMPTY_TREE, hashBytes(Buffer.from("WTR1")))
  assert.deepEqual(decodeTree(encodeTree([])), [])
})
