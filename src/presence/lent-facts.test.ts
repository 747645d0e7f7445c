import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { type LentAttempt, lentFacts } from "./lent-facts.ts"
import { lastDaysText, mondayLine } from "./owner-folder.ts"
import { ranMs } from "./ran-time.ts"

const HOUR_MS = 3_600_000
const SPAN = { fromMs: 100 * HOUR_MS, toMs: 200 * HOUR_MS, timeZone: "UTC" }
const ran = (user: string, job: number, from: number, to: number | null, stopped: LentAttempt["stopped"] = []) => ({
  user,
  job,
  startedMs: from * HOUR_MS,
  endedMs: to === null ? null : to * HOUR_MS,
  stopped,
})

describe("lentFacts()", () => {
  it("counts what ran within the span, without what was stopped, and side by side once", () => {
    const stopped = [{ fromMs: 111 * HOUR_MS, toMs: 112 * HOUR_MS }]
    const facts = lentFacts(
      SPAN,
      [
        ran("ada", 1, 90, 104),
        ran("ada", 2, 110, 114, stopped),
        ran("ada", 2, 150, 151),
        ran("ben", 3, 112, 116),
        ran("cleo", 4, 198, null, [{ fromMs: 199 * HOUR_MS, toMs: null }]),
        ran("dora", 5, 80, 99),
      ],
      [],
    )
    assert.deepEqual(
      facts.users.map(({ user, ranMs, jobs }) => [user, ranMs / HOUR_MS, jobs]),
      [
        ["ada", 8, 2],
        ["ben", 4, 1],
        ["cleo", 1, 1],
      ],
    )
    assert.equal(facts.lentMs / HOUR_MS, 4 + 1 + 4 + 1 + 1)
  })

  it("takes what steps aside together for one time, as slow as the slowest", () => {
    const stop = (atMs: number, reactionMs: number, vacated = false) => ({ atMs, reactionMs, vacated })
    const at = 150 * HOUR_MS
    const stops = [stop(at + 1_000, 700, true), stop(at, 300), stop(at + 60_000, 200), stop(99 * HOUR_MS, 900)]
    const facts = lentFacts(SPAN, [], stops)
    assert.deepEqual(facts.stops, [stop(at, 700, true), stop(at + 60_000, 200)])
    assert.match(mondayLine("mac-3", facts), /stepped aside 2 times, at the slowest in 700 ms/)
    assert.match(lastDaysText("mac-3", facts), /Stepped aside for you: 2 times, 1 of them for good/)
  })

  it("agrees with how long an attempt has run, whatever its stops", () => {
    const time = fc.integer({ min: 0, max: 50 })
    const stops = fc.array(fc.record({ fromMs: time, toMs: fc.option(time) }), { maxLength: 4 })
    fc.assert(
      fc.property(time, time, stops, (start, length, spans) => {
        const stopped = spans.map(({ fromMs, toMs }) => ({ fromMs, toMs: toMs === null ? null : fromMs + toMs }))
        const attempt = { user: "ada", job: 1, startedMs: start, endedMs: start + length, stopped }
        const span = { fromMs: 0, toMs: 1_000, timeZone: "UTC" }
        const expected = ranMs(start, start + length, stopped)
        assert.equal(lentFacts(span, [attempt], []).lentMs, expected)
        assert.equal(lentFacts(span, [attempt, attempt], []).lentMs, expected)
      }),
    )
  })
})
