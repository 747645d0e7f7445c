import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { isTimeZone, localTime, wallMsAt, zoneOffsetMs } from "./zone-time.ts"

const HOUR_MS = 3_600_000
const BERLIN = "Europe/Berlin"
const utc = (text: string) => Date.parse(`${text}Z`)

describe("wallMsAt()", () => {
  const rows: [zone: string, day: [number, number, number], hour: number, utc: string][] = [
    [BERLIN, [2026, 11, 27], 18, "2026-11-27T17:00:00"],
    [BERLIN, [2026, 7, 1], 0, "2026-06-30T22:00:00"],
    // 02:00 becomes 03:00: what is skipped is the moment of the jump.
    [BERLIN, [2026, 3, 29], 2, "2026-03-29T01:00:00"],
    [BERLIN, [2026, 3, 29], 2.5, "2026-03-29T01:00:00"],
    [BERLIN, [2026, 3, 29], 3, "2026-03-29T01:00:00"],
    [BERLIN, [2026, 3, 29], 4, "2026-03-29T02:00:00"],
    // 03:00 becomes 02:00: the first of two.
    [BERLIN, [2026, 10, 25], 2.5, "2026-10-25T00:30:00"],
    [BERLIN, [2026, 10, 25], 3, "2026-10-25T02:00:00"],
    ["America/New_York", [2026, 3, 8], 2.5, "2026-03-08T07:00:00"],
    ["America/New_York", [2026, 11, 1], 1.5, "2026-11-01T05:30:00"],
    ["America/New_York", [2026, 11, 1], 2, "2026-11-01T07:00:00"],
    ["Asia/Kathmandu", [2026, 1, 1], 12, "2026-01-01T06:15:00"],
    // Beyond the end of a month, as a day after today is reckoned.
    ["UTC", [2026, 2, 29], 0, "2026-03-01T00:00:00"],
  ]
  for (const [zone, [year, month, day], hour, expected] of rows) {
    it(`${zone} ${year}-${month}-${day} ${hour} h`, () => {
      assert.equal(wallMsAt(zone, { year, month, day }, hour * HOUR_MS), utc(expected))
    })
  }
})

describe("localTime()", () => {
  it("is what the clock shows", () => {
    assert.deepEqual(localTime(BERLIN, utc("2026-10-25T01:30:00")), {
      year: 2026,
      month: 10,
      day: 25,
      weekday: 6,
      msOfDay: 2.5 * HOUR_MS,
    })
    assert.equal(zoneOffsetMs("America/New_York", utc("2026-07-01T00:00:00.250")), -4 * HOUR_MS)
  })

  it("knows what is a time zone", () => {
    for (const name of [BERLIN, "UTC", "America/Argentina/Ushuaia"]) assert.equal(isTimeZone(name), true, name)
    for (const name of ["Berlin", "+02:00", "", "Europe/Nowhere"]) assert.equal(isTimeZone(name), false, name)
  })
})
