import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { type HeldRange, planRanges } from "./range-plan.ts"

const held = fc
  .tuple(fc.nat(1_200), fc.nat(300), fc.nat(400))
  .map(([start, length, bytes]): HeldRange => ({ start, end: start + length, bytes }))

describe("the ranges of a file", () => {
  it("are all of it once, whatever was found of a former run, of which nothing is lost out of sight", () => {
    fc.assert(
      fc.property(fc.nat(1_000), fc.integer({ min: 1, max: 400 }), fc.array(held), (from, most, found) => {
        const { ranges, useless } = planRanges(from, 1_000, most, found)
        let at = from
        for (const [position, range] of ranges.entries()) {
          if (position > 0 || range.start > from) assert.equal(range.start, at)
          else assert.ok(range.start === from || range.start + range.bytes >= from)
          assert.ok(range.end > at && range.bytes <= range.end - range.start)
          if (!found.includes(range)) assert.ok(range.bytes === 0 && range.end - range.start <= most)
          at = range.end
        }
        assert.equal(at, 1_000)
        for (const one of found) assert.ok(ranges.includes(one) !== useless.includes(one))
      }),
    )
  })

  it("go on with what has come", () => {
    const found = [
      { start: 100, end: 200, bytes: 100 },
      { start: 300, end: 400, bytes: 30 },
      { start: 0, end: 100, bytes: 100 },
    ]
    assert.deepEqual(planRanges(150, 450, 60, found), {
      ranges: [
        { start: 100, end: 200, bytes: 100 },
        { start: 200, end: 260, bytes: 0 },
        { start: 260, end: 300, bytes: 0 },
        { start: 300, end: 400, bytes: 30 },
        { start: 400, end: 450, bytes: 0 },
      ],
      useless: [{ start: 0, end: 100, bytes: 100 }],
    })
  })
})
