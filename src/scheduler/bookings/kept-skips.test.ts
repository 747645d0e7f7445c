import assert from "node:assert/strict"
import { describe, it } from "node:test"
import type { Times } from "./booking-times.ts"
import { keptSkips } from "./kept-skips.ts"

const at = (text: string) => Date.parse(text)
const NOW_MS = at("2026-11-27T08:00Z")

const WEEKDAYS: Times = {
  startAt: at("2026-11-30T08:00Z"),
  durationMs: 3_600_000,
  timeZone: "Europe/Berlin",
  repeats: "weekdays",
  untilAt: null,
  skipped: [at("2026-12-24T08:00Z"), at("2027-04-01T07:00Z")],
}

/** What is left out of that booking, and what of it is gone, once it is changed so. */
function kept(change: Partial<Times>, before: Times = WEEKDAYS, nowMs = NOW_MS) {
  const { skipped, gone } = keptSkips(before, { ...before, ...change }, nowMs)
  const texts = (moments: readonly number[]) => moments.map((one) => new Date(one).toISOString().slice(0, 16))
  return [texts(skipped), texts(gone)]
}

describe("days that are left out of a booking", () => {
  it("are left out at another hour, in winter and in summer", () => {
    const later = { startAt: at("2026-11-30T21:30Z") }
    assert.deepEqual(kept(later), [["2026-12-24T21:30", "2027-04-01T20:30"], []])
    assert.deepEqual(kept({ startAt: at("2026-12-01T08:00Z") }), [["2026-12-24T08:00", "2027-04-01T07:00"], []])
  })

  it("are those of the zone in which they were left out, and the same moments where only the zone is another", () => {
    const elsewhere = { timeZone: "America/New_York", startAt: at("2026-11-30T14:00Z") }
    assert.deepEqual(kept(elsewhere), [["2026-12-24T14:00", "2027-04-01T13:00"], []])
    assert.deepEqual(kept({ timeZone: "America/New_York" }), [["2026-12-24T08:00", "2027-04-01T07:00"], []])
    // From the 14th to the 28th of March the two clocks are five hours apart.
    const before = { ...WEEKDAYS, skipped: [at("2027-03-17T08:00Z")] }
    assert.deepEqual(kept({ timeZone: "America/New_York" }, before), [["2027-03-17T07:00"], []])
  })

  it("are left out as it comes again otherwise, of hours all of the day; what comes no more on them is told once", () => {
    assert.deepEqual(kept({ repeats: "daily" }), [["2026-12-24T08:00", "2027-04-01T07:00"], []])
    const hourly = kept(
      { repeats: "hourly", startAt: at("2026-11-30T08:30Z") },
      { ...WEEKDAYS, skipped: [at("2026-12-24T08:00Z")] },
    )
    assert.deepEqual(
      [hourly[0]?.length, hourly[0]?.[0], hourly[0]?.at(-1)],
      [24, "2026-12-23T23:30", "2026-12-24T22:30"],
    )
    const weekly = { ...WEEKDAYS, repeats: "weekly", startAt: at("2026-12-03T08:00Z") } as const
    const friday = { startAt: at("2026-12-04T08:00Z") }
    const all = ["2026-12-24T08:00", "2027-04-01T07:00"]
    assert.deepEqual(kept(friday, weekly), [all, all])
    const moved = { ...weekly, ...friday, skipped: keptSkips(weekly, { ...weekly, ...friday }, NOW_MS).skipped }
    assert.deepEqual(kept({ durationMs: 60_000 }, moved), [all, []])
    assert.deepEqual(kept({ startAt: at("2027-01-01T08:00Z"), untilAt: at("2027-03-01T08:00Z") }, weekly)[1], [])
    // Back on Thursdays they are left out again.
    assert.deepEqual(kept({ startAt: at("2026-12-03T09:00Z") }, moved), [["2026-12-24T09:00", "2027-04-01T08:00"], []])
  })

  it("stay as they are once they are past", () => {
    assert.deepEqual(kept({ startAt: at("2026-11-30T09:00Z") }, WEEKDAYS, at("2027-01-01T00:00Z"))[0], [
      "2026-12-24T08:00",
      "2027-04-01T08:00",
    ])
  })
})

describe("hours that are left out of a booking", () => {
  const hourly: Times = { ...WEEKDAYS, repeats: "hourly", durationMs: 600_000, skipped: [at("2026-12-24T08:00Z")] }

  it("are left out at another minute, and no day is for them", () => {
    assert.deepEqual(kept({ startAt: at("2026-11-30T08:45Z") }, hourly), [["2026-12-24T08:45"], []])
    assert.deepEqual(kept({ repeats: "daily", startAt: at("2026-11-30T09:00Z") }, hourly), [
      ["2026-12-24T08:00"],
      ["2026-12-24T08:00"],
    ])
  })
})
