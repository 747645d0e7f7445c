import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { billableUnits } from "./billing.ts"
import { chargeOf, decayOver, decayPerSecond } from "./decay.ts"
import { advanceUsage, type ChargedAttempt, noUsage, type Usage, type UsagePolicy } from "./usage.ts"
import { nextUsageReset, RESET_PERIODS } from "./usage-reset.ts"

const [HOUR_S, DAY_S] = [3600, 86_400]
const WEEK: UsagePolicy = { halfLifeS: 7 * DAY_S, periodMs: 300_000, reset: "none", timeZone: "Europe/Berlin" }

describe("decay", () => {
  const rows: [halfLifeS: number, perSecond: string, period: string, halfLife: string][] = [
    [HOUR_S, "0.999807500000000", "0.943880642226", "0.500040237"],
    [DAY_S, "0.999991979166667", "0.997596633072", "0.500072206"],
    [7 * DAY_S, "0.999998854166667", "0.999656308878", "0.500073397"],
    [14 * DAY_S, "0.999999427083333", "0.999828139720", "0.500073496"],
  ]
  for (const [halfLifeS, perSecond, period, halfLife] of rows) {
    it(`half life ${halfLifeS} s`, () => {
      const factor = decayPerSecond(halfLifeS)
      assert.equal(factor.toFixed(15), perSecond)
      assert.equal(decayOver(factor, 300).toFixed(12), period)
      assert.equal(decayOver(factor, halfLifeS).toFixed(9), halfLife)
    })
  }

  it("of two half lives is a quarter and a little more", () => {
    assert.equal(decayOver(decayPerSecond(7 * DAY_S), 14 * DAY_S).toFixed(9), "0.250073403")
  })

  it("does not fade without a half life, and never to nothing", () => {
    assert.equal(decayOver(decayPerSecond(0), 1e9), 1)
    assert.equal(decayOver(decayPerSecond(1), 1e9), 2.2250738585072014e-308)
  })
})

describe("charges", () => {
  const perSecond = decayPerSecond(WEEK.halfLifeS)

  it("DEC-1: one period of a job of 8 units", () => {
    assert.equal(chargeOf(300, 8, 1, perSecond).toFixed(9), "2399.175141308")
  })

  it("DEC-2: 8 units for an hour, then nothing", () => {
    const usage = advance(noUsage(0, WEEK), [ran("a1", 8, 0, HOUR_S)], HOUR_S)
    assert.equal(of(usage).toFixed(6), "28735.742032")
    const idle: [number, string][] = [
      [DAY_S, "26027.187329"],
      [3.5 * DAY_S, "20320.729373"],
      [7 * DAY_S, "14369.980138"],
      [14 * DAY_S, "7186.044785"],
    ]
    for (const [idleS, left] of idle) assert.equal(of(advance(usage, [], HOUR_S + idleS)).toFixed(6), left)
  })

  it("DEC-2 and DEC-3: what runs on is charged each period", () => {
    assert.equal(of(advance(noUsage(0, WEEK), [ran("a1", 8, 0, null)], HOUR_S)).toFixed(6), "28735.742032")
    assert.equal(of(advance(noUsage(0, WEEK), [ran("a1", 1, 0, null)], DAY_S)).toFixed(6), "82246.769275")
  })

  it("fade from the end of a job on that ended within a period", () => {
    const charged = chargeOf(100, 8, 1, perSecond) * decayOver(perSecond, 300)
    assert.equal(of(advance(noUsage(0, WEEK), [ran("a1", 8, 100, 200)], 300)), charged)
  })

  it("leave out suspended time, and take the QOS's factor", () => {
    const attempt: ChargedAttempt = {
      ...ran("a1", 2, 0, null),
      usageFactor: 0.5,
      runs: [
        { fromMs: 0, toMs: 100_000 },
        { fromMs: 200_000, toMs: null },
      ],
    }
    assert.equal(of(advance(noUsage(0, WEEK), [attempt], 300)), chargeOf(200, 2, 0.5, perSecond))
  })

  it("forget everything at a reset, and go on", () => {
    // 23:55 to 00:05 of a night in Berlin.
    const midnightMs = Date.parse("2026-11-26T23:00:00Z")
    const policy: UsagePolicy = { ...WEEK, reset: "daily" }
    const attempt = { ...ran("a1", 1, 0, null), runs: [{ fromMs: midnightMs - 600_000, toMs: null }] }
    const at = (ms: number) =>
      advanceUsage(noUsage(midnightMs - 600_000, policy), [attempt], midnightMs + ms, policy).byShare.get("ann")
    assert.ok(at(-1)! < 300)
    assert.equal(at(0), chargeOf(300, 1, 1, perSecond))
    assert.ok(at(300_000)! > 590)
  })

  it("are the same however often and whenever they are reckoned, and whatever the order of the record", () => {
    const attempts = fc.array(
      fc.record({
        units: fc.integer({ min: 1, max: 9 }),
        fromS: fc.nat(20_000),
        gapsS: fc.array(fc.integer({ min: 1, max: 900 }), { maxLength: 6 }),
      }),
      { maxLength: 6 },
    )
    const stops = fc.array(fc.nat(40_000), { maxLength: 12 })
    fc.assert(
      fc.property(attempts, stops, fc.constantFrom(...RESET_PERIODS), (drawn, stopsS, reset) => {
        const policy = { ...WEEK, reset }
        const all = drawn.map(({ units, fromS, gapsS }, index) => broken(`a${index}`, units, fromS, gapsS))
        const whole = advanceUsage(noUsage(0, policy), all, 40_000_000, policy)
        // Stops anywhere, in any order: a clock that was put back, too. What is not yet known at a stop is still open there.
        let usage = noUsage(0, policy)
        for (const stopS of [...stopsS, 40_000]) {
          const atMs = Math.max(usage.throughMs, stopS * 1000)
          usage = advanceUsage(
            usage,
            all.toReversed().map((one) => knownAt(one, atMs)),
            stopS * 1000,
            policy,
          )
        }
        assert.deepEqual(usage, whole)
      }),
      { numRuns: 300 },
    )
  })
})

describe("billableUnits()", () => {
  const weights = { cpu: 1, memory: 0.25 }
  const jobs = [
    { cpu: 1, memory: 60 },
    { cpu: 16, memory: 1 },
    { cpu: 16, memory: 60 },
  ]
  it("is the sum of what is weighted, or the dearest of it", () => {
    assert.deepEqual(
      jobs.map((job) => billableUnits(job, weights)),
      [16, 16.25, 31],
    )
    assert.deepEqual(
      jobs.map((job) => billableUnits(job, weights, "max")),
      [15, 16, 16],
    )
  })

  it("is the CPUs without weights, and nothing for what has none", () => {
    assert.equal(billableUnits({ cpu: 4, gpu: 1 }, null), 4)
    assert.equal(billableUnits({ cpu: 4, gpu: 1 }, { gpu: 2 }), 2)
    assert.equal(billableUnits({}, null), 0)
  })

  it("adds licences to the dearest of the rest", () => {
    const of = { cpu: 1, gpu: 4, "license/matlab": 10 }
    assert.equal(billableUnits({ cpu: 8, gpu: 1, "license/matlab": 2 }, of, "max"), 8 + 20)
  })
})

describe("nextUsageReset()", () => {
  const rows: [period: (typeof RESET_PERIODS)[number], afterUtc: string, next: string | null][] = [
    ["none", "2026-11-27T10:00:00", null],
    ["daily", "2026-11-27T10:00:00", "2026-11-27T23:00:00"],
    ["daily", "2026-11-27T23:00:00", "2026-11-28T23:00:00"],
    // The day on which the clock is put back has 25 hours.
    ["daily", "2026-10-24T22:00:00", "2026-10-25T23:00:00"],
    ["weekly", "2026-11-27T10:00:00", "2026-11-28T23:00:00"],
    ["weekly", "2026-11-28T23:00:00", "2026-12-05T23:00:00"],
    ["monthly", "2026-12-27T10:00:00", "2026-12-31T23:00:00"],
    ["quarterly", "2026-11-27T10:00:00", "2026-12-31T23:00:00"],
    ["quarterly", "2026-02-27T10:00:00", "2026-03-31T22:00:00"],
    ["yearly", "2026-11-27T10:00:00", "2026-12-31T23:00:00"],
  ]
  for (const [period, after, next] of rows) {
    it(`${period} after ${after}`, () => {
      const expected = next === null ? null : Date.parse(`${next}Z`)
      assert.equal(nextUsageReset(period, Date.parse(`${after}Z`), "Europe/Berlin"), expected)
    })
  }
})

function ran(id: string, billable: number, fromS: number, toS: number | null): ChargedAttempt {
  const toMs = toS === null ? null : toS * 1000
  return {
    id,
    share: "ann",
    billableUnits: billable,
    usageFactor: 1,
    runs: [{ fromMs: fromS * 1000, toMs }],
    endedMs: toMs,
  }
}

/** Runs and is suspended in turn, and ended with the last. */
function broken(
  id: string,
  billable: number,
  fromS: number,
  gapsS: readonly number[],
): ChargedAttempt & { readonly endedMs: number } {
  const times = [fromS]
  for (const gap of gapsS) times.push(times.at(-1)! + gap)
  if (times.length % 2 === 1) times.push(times.at(-1)! + 1)
  const runs = []
  for (let i = 0; i < times.length; i += 2) runs.push({ fromMs: times[i]! * 1000, toMs: times[i + 1]! * 1000 })
  return { ...ran(id, billable, 0, 0), runs, endedMs: times.at(-1)! * 1000 }
}

/** What the record has of it at that time. */
function knownAt(attempt: ChargedAttempt & { readonly endedMs: number }, atMs: number): ChargedAttempt {
  return {
    ...attempt,
    runs: attempt.runs
      .filter(({ fromMs }) => fromMs < atMs)
      .map(({ fromMs, toMs }) => ({ fromMs, toMs: toMs === null || toMs > atMs ? null : toMs })),
    endedMs: attempt.endedMs > atMs ? null : attempt.endedMs,
  }
}

function advance(usage: Usage, attempts: readonly ChargedAttempt[], toS: number): Usage {
  return advanceUsage(usage, attempts, toS * 1000, WEEK)
}

function of(usage: Usage): number {
  return usage.byShare.get("ann") ?? 0
}
