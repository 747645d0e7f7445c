import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { durationText, parseDuration } from "./duration.ts"

const UNITS = [
  ["w", 604_800_000],
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
] as const
const parts = fc
  .subarray([...UNITS], { minLength: 1 })
  .chain((units) => fc.tuple(...units.map((unit) => fc.tuple(fc.nat(999), fc.constant(unit)))))

test("a duration is the sum of its parts, each unit once and the largest first", () => {
  fc.assert(
    fc.property(parts, fc.constantFrom("", " "), (all, space) => {
      const text = all.map(([count, [unit]]) => `${count}${space}${unit}`).join(space)
      assert.equal(
        parseDuration(text),
        all.reduce((sum, [count, [, unitMs]]) => sum + count * unitMs, 0),
      )
    }),
  )
})

test("a unit that stands twice, or after a smaller one, is refused", () => {
  for (const text of ["1h1h", "30m1h", "1h30m1h", "1ms1s", "1s 2s"]) {
    assert.throws(() => parseDuration(text), {
      name: "SyntaxError",
      message: `"${text}" is not a duration: each unit stands once, the largest first, as in 1d12h30m`,
    })
  }
})

test("what durationText() writes, parseDuration() reads as the same", () => {
  fc.assert(fc.property(fc.nat(), (ms) => assert.equal(parseDuration(durationText(ms)), ms)))
})
