import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { MOST_SLEEPS, type Sleep, sleptMs, withSleep } from "./sleep.ts"

const MINUTE_MS = 60_000

test("sleeps with a moment of waking between them are one; told twice they are told once", () => {
  const once = withSleep([], { from: 0, to: 15 * MINUTE_MS })
  const longer = withSleep(once, { from: 15.5 * MINUTE_MS, to: 30 * MINUTE_MS })
  assert.deepEqual(longer, [{ from: 0, to: 30 * MINUTE_MS }])
  assert.equal(withSleep(longer, { from: 0, to: 30 * MINUTE_MS }), longer)
  assert.equal(withSleep(longer, { from: 0, to: 15 * MINUTE_MS }), longer)
  const twice = withSleep(longer, { from: 60 * MINUTE_MS, to: 72 * MINUTE_MS })
  assert.equal(twice.length, 2)
  assert.equal(sleptMs(twice), 42 * MINUTE_MS)
})

test("whatever is told, and however often, sleeps stay in order, apart and few", () => {
  const sleep = fc
    .tuple(fc.nat(1e9), fc.integer({ min: 1, max: 1e8 }))
    .map(([from, ms]): Sleep => ({ from, to: from + ms }))
  fc.assert(
    fc.property(fc.array(sleep, { maxLength: 100 }), (told) => {
      let sleeps: readonly Sleep[] = []
      for (const one of told) {
        sleeps = withSleep(sleeps, one)
        assert.equal(withSleep(sleeps, one), sleeps)
      }
      assert.ok(sleeps.length <= MOST_SLEEPS)
      for (const [i, { from, to }] of sleeps.entries()) assert.ok(from < to && (sleeps[i - 1]?.to ?? -1) < from)
    }),
  )
})
