import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { localTime } from "../../base/zone-time.ts"
import { RECURRENCES } from "../../protocol/booking.ts"
import { occurrences, type Recurring, readRecurrence, recurrenceProblem } from "./recurrence.ts"

const BERLIN = "Europe/Berlin"
const [HOUR_MS, DAY_MS] = [3_600_000, 86_400_000]
const utc = (text: string) => Date.parse(`${text}Z`)

/** Starts and ends of the first few, in UTC. */
function shown(recurring: Partial<Recurring>, count: number, fromMs = 0): string[] {
  const whole = { startMs: 0, durationMs: HOUR_MS, timeZone: BERLIN, repeats: null, untilMs: null, ...recurring }
  const text = (ms: number) => new Date(ms).toISOString().slice(0, 16)
  return [...occurrences(whole, fromMs).take(count)].map(({ startMs, endMs }) => `${text(startMs)} ${text(endMs)}`)
}

describe("occurrences()", () => {
  it("comes once, until it is over", () => {
    const once = { startMs: utc("2026-11-27T08:00") }
    assert.deepEqual(shown(once, 3), ["2026-11-27T08:00 2026-11-27T09:00"])
    assert.deepEqual(shown(once, 3, utc("2026-11-27T09:00")), [])
    assert.equal(shown(once, 3, utc("2026-11-27T08:59")).length, 1)
  })

  it("keeps the time on the wall when summer time begins and ends, and lasts as long", () => {
    const daily = { startMs: utc("2026-03-28T08:00"), durationMs: 3 * HOUR_MS, repeats: "daily" as const }
    assert.deepEqual(shown(daily, 3), [
      "2026-03-28T08:00 2026-03-28T11:00",
      "2026-03-29T07:00 2026-03-29T10:00",
      "2026-03-30T07:00 2026-03-30T10:00",
    ])
    assert.deepEqual(shown(daily, 2, utc("2026-10-24T12:00")), [
      "2026-10-25T08:00 2026-10-25T11:00",
      "2026-10-26T08:00 2026-10-26T11:00",
    ])
    // 01:30 to 04:30 on the wall, an hour less or more in the two nights of the year.
    const nightly = { startMs: utc("2026-03-28T00:30"), durationMs: 3 * HOUR_MS, repeats: "daily" as const }
    assert.deepEqual(shown(nightly, 3), [
      "2026-03-28T00:30 2026-03-28T03:30",
      "2026-03-29T00:30 2026-03-29T03:30",
      "2026-03-29T23:30 2026-03-30T02:30",
    ])
  })

  it("starts at the jump where the clock jumps over it, and at the first of two", () => {
    const daily = { startMs: utc("2026-03-28T01:30"), repeats: "daily" as const }
    assert.equal(shown(daily, 2)[1], "2026-03-29T01:00 2026-03-29T02:00")
    assert.equal(shown(daily, 1, utc("2026-10-24T12:00"))[0], "2026-10-25T00:30 2026-10-25T01:30")
  })

  it("leaves no gap and does not overlap where it lasts whole days", () => {
    const all = [
      ...occurrences(
        { startMs: utc("2026-01-01T00:00"), durationMs: DAY_MS, timeZone: BERLIN, repeats: "daily", untilMs: null },
        0,
      ).take(400),
    ]
    for (const [at, { startMs }] of all.entries()) if (at > 0) assert.equal(startMs, all[at - 1]?.endMs)
  })

  it("comes on weekdays, at weekends, weekly and hourly", () => {
    // A Saturday: what is for weekdays comes first on Monday.
    const from = { startMs: utc("2026-11-28T08:00") }
    const days = (repeats: Recurring["repeats"], count: number) =>
      shown({ ...from, repeats }, count).map((text) => text.slice(8, 13))
    assert.deepEqual(days("weekdays", 6), ["30T08", "01T08", "02T08", "03T08", "04T08", "07T08"])
    assert.deepEqual(days("weekends", 4), ["28T08", "29T08", "05T08", "06T08"])
    assert.deepEqual(days("weekly", 3), ["28T08", "05T08", "12T08"])
    assert.deepEqual(days("hourly", 3), ["28T08", "28T09", "28T10"])
  })

  it("ends", () => {
    const daily = { startMs: utc("2026-11-27T08:00"), repeats: "daily" as const }
    assert.equal(shown({ ...daily, untilMs: utc("2026-11-29T08:00") }, 9).length, 2)
    assert.equal(shown({ ...daily, untilMs: utc("2026-11-29T08:01") }, 9).length, 3)
    assert.equal(shown({ ...daily, repeats: "hourly", untilMs: utc("2026-11-27T11:00") }, 9).length, 3)
    assert.deepEqual(shown({ ...daily, untilMs: utc("2026-11-27T08:00") }, 9), [])
  })

  it("is the same from any moment on: what had ended by then is left out, and nothing else", () => {
    const recurring = fc.record({
      startMs: fc
        .integer({ min: utc("2026-01-01T00:00") / 60_000, max: utc("2027-01-01T00:00") / 60_000 })
        .map((minutes) => minutes * 60_000),
      durationMs: fc.integer({ min: 1, max: 60 * 24 }).map((minutes) => minutes * 60_000),
      timeZone: fc.constantFrom(BERLIN, "America/New_York", "Australia/Lord_Howe", "UTC"),
      repeats: fc.constantFrom(null, ...RECURRENCES),
      untilMs: fc.constant(null),
    })
    fc.assert(
      fc.property(recurring, fc.nat(300), (drawn, days) => {
        const one: Recurring =
          drawn.repeats === "hourly" ? { ...drawn, durationMs: Math.min(drawn.durationMs, HOUR_MS) } : drawn
        const fromMs = one.startMs + days * DAY_MS
        const all = [...occurrences(one, 0).take(one.repeats === "hourly" ? 24 * 310 : 310)]
        const expected = all.filter(({ endMs }) => endMs > fromMs).slice(0, 3)
        if (one.repeats === null || expected.length === 3)
          assert.deepEqual([...occurrences(one, fromMs).take(3)], expected)
        const clock = (ms: number) => localTime(one.timeZone, ms).msOfDay
        const isOrdinary = ({ startMs }: { startMs: number }) =>
          one.repeats === "hourly" || Math.abs(clock(startMs) - clock(one.startMs)) <= HOUR_MS
        assert.ok(all.every(isOrdinary))
        assert.ok(all.every(({ startMs }, at) => at === 0 || startMs > all[at - 1]!.startMs))
      }),
      { numRuns: 60 },
    )
  })
})

describe("readRecurrence()", () => {
  it("reads Slurm's words in any case, and says what was meant", () => {
    assert.deepEqual(["WEEKLY", "weekday", "Weekends", "hourly", " daily"].map(readRecurrence), [
      "weekly",
      "weekdays",
      "weekends",
      "hourly",
      "daily",
    ])
    assert.throws(() => readRecurrence("wekly"), {
      message: '"wekly" is none of hourly, daily, weekdays, weekends, weekly: did you mean weekly?',
    })
    assert.throws(() => readRecurrence("monthly"), { name: "SyntaxError" })
    for (const each of RECURRENCES) assert.equal(readRecurrence(each), each)
  })

  it("says what would overlap itself", () => {
    assert.equal(recurrenceProblem({ durationMs: DAY_MS, repeats: "daily" }), null)
    assert.equal(recurrenceProblem({ durationMs: 9 * DAY_MS, repeats: null }), null)
    assert.equal(
      recurrenceProblem({ durationMs: DAY_MS + 1, repeats: "weekdays" }),
      "what comes weekdays can last a day at most",
    )
    assert.equal(
      recurrenceProblem({ durationMs: HOUR_MS + 1, repeats: "hourly" }),
      "what comes hourly can last an hour at most",
    )
    assert.equal(recurrenceProblem({ durationMs: 7 * DAY_MS, repeats: "weekly" }), null)
  })
})
