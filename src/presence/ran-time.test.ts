import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { isResumeFailure, ranMs, type SuspendedSpan, suspendedMs } from "./ran-time.ts"

describe("ranMs()", () => {
  const rows: [string, SuspendedSpan[], number][] = [
    ["never suspended", [], 100],
    ["suspended once", [{ fromMs: 120, toMs: 150 }], 70],
    ["suspended still", [{ fromMs: 180, toMs: null }], 80],
    ["suspended at once, for all of it", [{ fromMs: 100, toMs: null }], 0],
    [
      "spans that overlap, in any order",
      [
        { fromMs: 140, toMs: 160 },
        { fromMs: 120, toMs: 150 },
      ],
      60,
    ],
    [
      "a span within another",
      [
        { fromMs: 120, toMs: 180 },
        { fromMs: 130, toMs: 140 },
      ],
      40,
    ],
    [
      "a span before the start and one after now",
      [
        { fromMs: 0, toMs: 110 },
        { fromMs: 190, toMs: 300 },
      ],
      80,
    ],
    ["a span that ends before it begins", [{ fromMs: 150, toMs: 120 }], 100],
  ]
  for (const [what, spans, ran] of rows) it(what, () => assert.equal(ranMs(100, 200, spans), ran))

  it("is nothing before the start", () => assert.equal(ranMs(200, 100, [{ fromMs: 0, toMs: null }]), 0))

  it("and what was suspended are all the time there was", () => {
    const time = fc.integer({ min: 0, max: 100 })
    const spans = fc.array(fc.record({ fromMs: time, toMs: fc.option(time) }), { maxLength: 5 })
    fc.assert(
      fc.property(time, time, spans, (a, b, list) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)]
        let expected = 0
        for (let ms = from; ms < to; ms++)
          if (!list.some(({ fromMs, toMs }) => fromMs <= ms && ms < (toMs ?? 100))) expected++
        assert.equal(ranMs(from, to, list), expected)
        assert.equal(ranMs(from, to, list) + suspendedMs(from, to, list), to - from)
      }),
    )
  })
})

describe("isResumeFailure()", () => {
  const ended = { usesGpu: true, failed: true, endedMs: 20_000, continuedMs: 10_000, hadItBefore: false }
  it("is a GPU job's failure within ten seconds of being continued, once", () => {
    assert.equal(isResumeFailure(ended), true)
    assert.equal(isResumeFailure({ ...ended, endedMs: 20_001 }), false)
    assert.equal(isResumeFailure({ ...ended, continuedMs: null }), false)
    assert.equal(isResumeFailure({ ...ended, usesGpu: false }), false)
    assert.equal(isResumeFailure({ ...ended, failed: false }), false)
    assert.equal(isResumeFailure({ ...ended, hadItBefore: true }), false)
  })
})
