import assert from "node:assert/strict"
import { test } from "node:test"
import { readByteRange } from "./byte-range.ts"

test("a range of bytes is read, also one that counts from the end", () => {
  assert.deepEqual(readByteRange("bytes=2-5", 7), { from: 2, to: 6 })
  assert.deepEqual(readByteRange("bytes=5-5", 7), { from: 5, to: 6 })
  assert.deepEqual(readByteRange(" Bytes=2- ", 7), { from: 2, to: null })
  assert.deepEqual(readByteRange("bytes=-3", 7), { from: 4, to: null })
  assert.deepEqual(readByteRange("bytes=-30", 7), { from: 0, to: null })
  assert.deepEqual(readByteRange("bytes=-0", 7), { from: 7, to: null })
})

test("what is no range, ends before it begins, or is several, is to be ignored", () => {
  for (const header of ["bytes=x", "bytes=-", "bytes=", "bytes=5-2", "bytes=0-1,3-4", "lines=0-1", "bytes=1-2-3", ""]) {
    assert.equal(readByteRange(header, 7), null, header)
  }
})
