import assert from "node:assert/strict"
import { it } from "node:test"
import fc from "fast-check"
import type { HostId } from "../../../protocol/ids.ts"
import { isSlow, type LaneProgress, Paces } from "./slow-source.ts"

const MB = 1024 * 1024
const lane: LaneProgress = { elapsedMs: 30_000, hadBytes: 0, nextBytes: 64 * MB, way: 2, othersBytesPerMs: null }

it("is slow below a tenth of what others give, or where it nearly stands, and not before ten seconds", () => {
  // What it has given at most: 2.2 MB/s.
  assert.equal(isSlow(lane), false)
  assert.equal(isSlow({ ...lane, othersBytesPerMs: 20_000 }), false)
  assert.equal(isSlow({ ...lane, othersBytesPerMs: 25_000 }), true)
  assert.equal(isSlow({ ...lane, othersBytesPerMs: 25_000, hadBytes: 64 * MB }), false)
  assert.equal(isSlow({ ...lane, othersBytesPerMs: 1_000_000, elapsedMs: 9_999 }), false)
  assert.equal(isSlow({ ...lane, elapsedMs: 120_000 }), false)
  assert.equal(isSlow({ ...lane, elapsedMs: 140_000 }), true)
  assert.equal(isSlow({ ...lane, elapsedMs: 140_000, way: 1 }), false)
  // All are slow: then nobody is.
  assert.equal(isSlow({ ...lane, elapsedMs: 1_000_000, othersBytesPerMs: 100 }), false)
})

it("is not blamed for as much as a tenth, whatever the sizes, and once slow it stays so while nothing comes", () => {
  const size = fc.integer({ min: 1, max: 1e12 })
  const progress = fc.record({
    elapsedMs: fc.integer({ min: 0, max: 1e9 }),
    hadBytes: fc.nat(1e12),
    nextBytes: size,
    way: fc.constantFrom(1 as const, 2 as const, 3 as const),
    othersBytesPerMs: fc.option(fc.double({ min: 0, max: 1e7, noNaN: true })),
  })
  fc.assert(
    fc.property(progress, fc.nat(1e6), (one, moreMs) => {
      if (!isSlow(one)) return
      if (one.othersBytesPerMs !== null) assert.ok(one.hadBytes / one.elapsedMs < one.othersBytesPerMs / 10)
      assert.ok(isSlow({ ...one, elapsedMs: one.elapsedMs + moreMs }))
    }),
  )
})

it("knows a pace once it was measured for a second", () => {
  const [a, b] = ["a", "b"] as HostId[] as [HostId, HostId]
  const paces = new Paces()
  paces.note(a, 64 * MB, 3)
  assert.equal(
    paces.of(() => true),
    null,
  )
  paces.note(a, 2_000, 1_997)
  paces.note(b, 1_000, 1_000)
  assert.equal(
    paces.of((source) => source === b),
    1,
  )
  assert.equal(
    paces.of((source) => source === a),
    (64 * MB + 2_000) / 2_000,
  )
  assert.equal(
    paces.of(() => false),
    null,
  )
})
