import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { momentText, readDeadlineMs, readMomentMs } from "./moment-text.ts"

const BERLIN = "Europe/Berlin"
/** Friday, 12:00 on the wall in Berlin. */
const NOW_MS = Date.parse("2026-11-27T11:00:00Z")

const inBerlin = (text: string) => readMomentMs(text, NOW_MS, BERLIN)

describe("readMomentMs()", () => {
  const rows: [text: string, utc: string][] = [
    ["now", "2026-11-27T11:00:00"],
    ["now+60", "2026-11-27T11:01:00"],
    ["now+1hour", "2026-11-27T12:00:00"],
    ["now + 2 hours", "2026-11-27T13:00:00"],
    ["now+30minutes", "2026-11-27T11:30:00"],
    ["NOW+2DAYS", "2026-11-29T11:00:00"],
    ["now+1week", "2026-12-04T11:00:00"],
    ["now-1day", "2026-11-26T11:00:00"],
    ["now+1h30m", "2026-11-27T12:30:00"],
    ["now+90s", "2026-11-27T11:01:30"],
    ["uts1764241200", "2025-11-27T11:00:00"],
    ["18:00", "2026-11-27T17:00:00"],
    ["9:30", "2026-11-28T08:30:00"],
    // The next time the clock shows it, not this moment.
    ["12:00", "2026-11-28T11:00:00"],
    ["12:00:01", "2026-11-27T11:00:01"],
    ["6:00 PM", "2026-11-27T17:00:00"],
    ["6:00pm", "2026-11-27T17:00:00"],
    ["12:30am", "2026-11-27T23:30:00"],
    ["12:30pm", "2026-11-27T11:30:00"],
    ["midnight", "2026-11-27T23:00:00"],
    ["noon", "2026-11-28T11:00:00"],
    ["elevenses", "2026-11-28T10:00:00"],
    ["fika", "2026-11-27T14:00:00"],
    ["teatime", "2026-11-27T15:00:00"],
    ["today", "2026-11-26T23:00:00"],
    ["tomorrow", "2026-11-27T23:00:00"],
    ["tomorrow 09:00", "2026-11-28T08:00:00"],
    ["09:00 tomorrow", "2026-11-28T08:00:00"],
    ["Tomorrow noon", "2026-11-28T11:00:00"],
    ["teatime tomorrow", "2026-11-28T15:00:00"],
    ["tomorrow 6:00 PM", "2026-11-28T17:00:00"],
    ["2026-12-01", "2026-11-30T23:00:00"],
    ["2026-12-01T09:00", "2026-12-01T08:00:00"],
    ["2026-12-01T09:00:30", "2026-12-01T08:00:30"],
    ["2026-7-1 09:00", "2026-07-01T07:00:00"],
    ["2026-12-01T09:00Z", "2026-12-01T09:00:00"],
    ["2026-12-01T09:00:00+05:30", "2026-12-01T03:30:00"],
    ["2026-12-01T09:00-08:00", "2026-12-01T17:00:00"],
    ["1201", "2026-11-30T23:00:00"],
    ["120127", "2027-11-30T23:00:00"],
    ["12/1", "2026-11-30T23:00:00"],
    ["12/01/27", "2027-11-30T23:00:00"],
    ["12.01.2027", "2027-11-30T23:00:00"],
    ["12/01-09:00", "2026-12-01T08:00:00"],
    ["12/01/26-09:00:30", "2026-12-01T08:00:30"],
    // A day of this year whose moment has passed is meant in the next.
    ["11/27", "2027-11-26T23:00:00"],
    ["11/27 18:00", "2026-11-27T17:00:00"],
    ["01/15", "2027-01-14T23:00:00"],
    ["2/29", "2027-02-28T23:00:00"],
    // The clock jumps over it.
    ["2026-03-29T02:30", "2026-03-29T01:00:00"],
    ["2026-10-25T02:30", "2026-10-25T00:30:00"],
    ["2026-10-25T02:30+01:00", "2026-10-25T01:30:00"],
  ]
  for (const [text, utc] of rows) {
    it(`${text} is ${utc}`, () => assert.equal(new Date(inBerlin(text)).toISOString(), `${utc}.000Z`))
  }

  const refused = [
    "",
    "soon",
    "now+",
    "now+h",
    "now 5",
    "nowhere",
    "24:00",
    "09:60",
    "9",
    "13:00 pm",
    "2026-02-29",
    "2026-13-01",
    "27.11.26",
    "4/31",
    "2026",
    "11/27/2",
    "09:00 10:00",
    "today tomorrow",
    "tomorrow 09:00 Z",
    "2026-12-01T09:00+15:00",
    "2026-12-01 09:00 CET",
    "utsx",
  ]
  for (const text of refused) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => inBerlin(text),
        (error: Error) => error instanceof SyntaxError && error.message.startsWith(`"${text}" is not a moment: `),
      )
    })
  }

  it("refuses what no date is written for", () => {
    for (const text of ["uts99999999999999", "now+999999999999weeks", "0001-01-01"]) {
      assert.throws(() => inBerlin(text), { name: "SyntaxError", message: `"${text}" is not between 1970 and 9999` })
    }
  })

  it("reads what momentText() writes, in any zone, also in nights in which the clock is changed", () => {
    const zones = fc.constantFrom(
      BERLIN,
      "America/New_York",
      "Asia/Kathmandu",
      "Australia/Lord_Howe",
      "UTC",
      "Africa/Monrovia",
    )
    const anywhen = fc.integer({ min: 0, max: 4_000_000_000 })
    const nearChange = fc
      .integer({ min: -7200, max: 7200 })
      .map((seconds) => Date.parse("2026-10-25T01:00:00Z") / 1000 + seconds)
    fc.assert(
      fc.property(zones, fc.oneof(anywhen, nearChange), fc.nat(999), (zone, seconds, rest) => {
        const text = momentText(seconds * 1000 + rest, zone)
        assert.equal(readMomentMs(text, NOW_MS, zone), seconds * 1000, text)
      }),
    )
    assert.equal(momentText(Date.parse("2026-10-25T00:30:00Z"), BERLIN), "2026-10-25T02:30:00")
    assert.equal(momentText(Date.parse("2026-10-25T01:30:00Z"), BERLIN), "2026-10-25T02:30:00+01:00")
  })
})

describe("readDeadlineMs()", () => {
  it("takes what lies ahead only", () => {
    assert.equal(readDeadlineMs("now+1hour", NOW_MS, BERLIN), NOW_MS + 3_600_000)
    for (const text of ["now", "2026-11-27T11:59", "today", "now-5"]) {
      assert.throws(() => readDeadlineMs(text, NOW_MS, BERLIN), {
        name: "SyntaxError",
        message: `"${text}" has passed: it is 2026-11-27T12:00:00 in Europe/Berlin`,
      })
    }
  })
})
