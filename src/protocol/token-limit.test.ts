import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { LIMIT_PERIODS, parseTokenLimit, periodAt, tokenLimitText, tokenLimitWords } from "./token-limit.ts"

test("limits are read as people write them, and what is none is refused", () => {
  assert.deepEqual(parseTokenLimit("1M/day"), { tokens: 1_000_000, per: "day" })
  assert.deepEqual(parseTokenLimit(" 2.5k / hour "), { tokens: 2_500, per: "hour" })
  assert.deepEqual(parseTokenLimit("7/w"), { tokens: 7, per: "week" })
  for (const text of ["", "1M", "0/day", "-1/day", "1T/day", "1M/year", "0.1/day", "9999999b/day", "1M/day/day"])
    assert.throws(() => parseTokenLimit(text), SyntaxError, text)
})

test("a limit that is written is read as the same", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e12 }), fc.constantFrom(...LIMIT_PERIODS), (tokens, per) => {
      assert.deepEqual(parseTokenLimit(tokenLimitText({ tokens, per })), { tokens, per })
    }),
  )
})

test("a limit is said in words", () => {
  const words = ["100/hour", "1/day", "1.5M/week"].map((text) => tokenLimitWords(parseTokenLimit(text)))
  assert.deepEqual(words, ["100 tokens an hour", "1 token a day", "1500k tokens a week"])
})

test("each moment is in one period, which begins where the last one ended", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e12 }), fc.constantFrom(...LIMIT_PERIODS), (now, per) => {
      const { fromMs, toMs } = periodAt(per, now)
      assert.ok(fromMs <= now && now < toMs)
      assert.equal(periodAt(per, toMs).fromMs, toMs)
      assert.equal(periodAt(per, fromMs).toMs, toMs)
    }),
  )
  const at = Date.UTC(2026, 10, 27, 20, 45)
  assert.equal(new Date(periodAt("week", at).fromMs).toISOString(), "2026-11-23T00:00:00.000Z")
})
