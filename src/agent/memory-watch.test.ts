import assert from "node:assert/strict"
import { test } from "node:test"
import { MemoryWatch, toleranceOf } from "./memory-watch.ts"

const GIB = 1024 ** 3

/** A watch that has measured 5 GiB before, with an attempt of 40 GiB that has ended since. */
function afterRun(): MemoryWatch {
  const watch = new MemoryWatch(2 * GIB, null)
  assert.ok(watch.wants(true))
  watch.look(5 * GIB, true)
  assert.equal(watch.wants(true), false, "one measure will do while nothing has ended")
  watch.ended(40 * GIB)
  return watch
}

test("memory that comes back is no news", () => {
  const watch = afterRun()
  assert.ok(watch.isDoubtful)
  watch.look(6 * GIB, false)
  assert.equal(watch.missing, null)
  assert.equal(watch.isDoubtful, false)
})

test("one look may come too early; two in a row count, until it is back", () => {
  const watch = afterRun()
  const missing = [30, 20, 10, 6].map((unaccounted) => {
    watch.look(unaccounted * GIB, false)
    return (watch.missing?.missingBytes ?? 0) / GIB
  })
  assert.deepEqual(missing, [0, 15, 5, 0])
})

test("no more can be missing than what ended attempts held", () => {
  const watch = new MemoryWatch(2 * GIB, null)
  watch.look(5 * GIB, true)
  watch.ended(GIB)
  assert.equal(watch.isDoubtful, false, "too little to matter")
  watch.ended(2 * GIB)
  for (let look = 0; look < 2; look++) watch.look(50 * GIB, false)
  assert.equal(watch.missing?.missingBytes, 3 * GIB)
})

test("without a measure from before the run nothing is said", () => {
  const watch = new MemoryWatch(2 * GIB, null)
  watch.ended(40 * GIB)
  assert.equal(watch.wants(false), false)
  watch.rest()
  assert.ok(watch.wants(true))
})

test("the next agent goes on from what the last one found", () => {
  const watch = afterRun()
  for (let look = 0; look < 2; look++) watch.look(30 * GIB, false)
  const next = new MemoryWatch(2 * GIB, watch.missing)
  assert.equal(next.missing?.missingBytes, 25 * GIB)
  assert.ok(next.wants(false))
  next.look(5 * GIB, false)
  assert.equal(next.missing, null)
})

test("toleranceOf() is what the system keeps: from 1 to 8 GiB", () => {
  assert.deepEqual(
    [4, 16, 32, 512].map((size) => toleranceOf(size * GIB) / GIB),
    [1, 2, 4, 8],
  )
})
