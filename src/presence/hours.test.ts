import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { ALWAYS, type Hours, isOpen, nextChange, type TimeWindow } from "./hours.ts"
import { hoursText, neverText, readHours, readNever } from "./hours-values.ts"

const BERLIN = "Europe/Berlin"
const NEW_YORK = "America/New_York"
const DAY_MS = 86_400_000
const at = (text: string) => Date.parse(text)

describe("isOpen()", () => {
  const rows: [hours: string, time: string, open: boolean][] = [
    // Friday evening to Saturday morning is still Friday's; winter in Berlin is +01:00.
    ["weekdays 18:00-09:00, weekends", "2026-11-27T17:59:59.999+01:00", false],
    ["weekdays 18:00-09:00, weekends", "2026-11-27T18:00+01:00", true],
    ["weekdays 18:00-09:00, weekends", "2026-11-28T12:00+01:00", true],
    ["weekdays 18:00-09:00, weekends", "2026-11-29T23:59:59.999+01:00", true],
    ["weekdays 18:00-09:00, weekends", "2026-11-30T00:00+01:00", false],
    ["weekdays 18:00-09:00, weekends", "2026-12-01T08:59:59.999+01:00", true],
    ["weekdays 18:00-09:00, weekends", "2026-12-01T09:00+01:00", false],
    ["weekdays 18:00-09:00", "2026-11-28T08:59+01:00", true],
    ["weekdays 18:00-09:00", "2026-11-28T09:00+01:00", false],
    ["mon-fri 18:00-24:00", "2026-11-27T23:59:59.999+01:00", true],
    ["mon-fri 18:00-24:00", "2026-11-28T00:00+01:00", false],
    ["never 12:00-13:30", "2026-11-27T12:00+01:00", false],
    ["never 12:00-13:30", "2026-11-27T13:30+01:00", true],
    ["weekends, never sun 10:00-12:00", "2026-11-29T11:00+01:00", false],
    ["weekends, never sun 10:00-12:00", "2026-11-28T11:00+01:00", true],
    ["sun 22:00-06:00", "2026-11-30T05:59+01:00", true],
    ["always", "2026-11-27T12:00+01:00", true],
    // 02:00 becomes 03:00 on 29 March.
    ["02:15-02:45", "2026-03-29T01:59:59.999+01:00", false],
    ["02:15-02:45", "2026-03-29T03:00+02:00", false],
    ["02:30-05:00", "2026-03-29T03:00+02:00", true],
    ["22:00-02:30", "2026-03-29T01:59:59.999+01:00", true],
    ["22:00-02:30", "2026-03-29T03:00+02:00", false],
    // 03:00 becomes 02:00 on 25 October: both times count.
    ["never 02:00-02:30", "2026-10-25T02:10+02:00", false],
    ["never 02:00-02:30", "2026-10-25T02:40+02:00", true],
    ["never 02:00-02:30", "2026-10-25T02:10+01:00", false],
    ["never 02:00-02:30", "2026-10-25T02:40+01:00", true],
  ]
  for (const [hours, time, open] of rows) {
    it(`${hours}: ${open ? "open" : "closed"} at ${time}`, () => {
      assert.equal(isOpen(readHours(hours), BERLIN, at(time)), open)
    })
  }
})

describe("nextChange()", () => {
  const rows: [hours: string, zone: string, from: string, change: string | null][] = [
    ["always", BERLIN, "2026-11-27T12:00+01:00", null],
    ["daily", BERLIN, "2026-11-27T12:00+01:00", null],
    ["never daily", BERLIN, "2026-11-27T12:00+01:00", null],
    ["weekdays 18:00-09:00, weekends", BERLIN, "2026-11-27T12:00+01:00", "2026-11-27T18:00+01:00"],
    // Saturday's own begins where Friday's night ends: one stretch.
    ["weekdays 18:00-09:00, weekends", BERLIN, "2026-11-27T18:00+01:00", "2026-11-30T00:00+01:00"],
    ["wed 10:00-11:00", BERLIN, "2026-11-25T11:00+01:00", "2026-12-02T10:00+01:00"],
    // The night of the change is an hour shorter, or longer.
    ["18:00-09:00", BERLIN, "2026-03-28T18:00+01:00", "2026-03-29T09:00+02:00"],
    ["18:00-09:00", BERLIN, "2026-10-24T18:00+02:00", "2026-10-25T09:00+01:00"],
    ["18:00-09:00", NEW_YORK, "2026-03-07T18:00-05:00", "2026-03-08T09:00-04:00"],
    ["18:00-09:00", NEW_YORK, "2026-10-31T18:00-04:00", "2026-11-01T09:00-05:00"],
    // What the clock skips begins, or ends, with the jump.
    ["02:30-05:00", BERLIN, "2026-03-29T00:00+01:00", "2026-03-29T03:00+02:00"],
    ["22:00-02:30", BERLIN, "2026-03-29T00:00+01:00", "2026-03-29T03:00+02:00"],
    ["02:30-05:00", NEW_YORK, "2026-03-08T00:00-05:00", "2026-03-08T03:00-04:00"],
    ["sun 02:15-02:45", BERLIN, "2026-03-22T03:00+01:00", "2026-04-05T02:15+02:00"],
    // What it shows twice comes twice.
    ["never 02:00-02:30", BERLIN, "2026-10-25T02:10+02:00", "2026-10-25T02:30+02:00"],
    ["never 02:00-02:30", BERLIN, "2026-10-25T02:40+02:00", "2026-10-25T02:00+01:00"],
    ["never 02:00-02:30", BERLIN, "2026-10-25T02:10+01:00", "2026-10-25T02:30+01:00"],
    ["never 01:00-01:30", NEW_YORK, "2026-11-01T01:30-04:00", "2026-11-01T01:00-05:00"],
  ]
  for (const [hours, zone, from, change] of rows) {
    it(`${hours} in ${zone} after ${from}: ${change ?? "never"}`, () => {
      const found = nextChange(readHours(hours), zone, at(from))
      assert.equal(found === null ? null : new Date(found).toISOString(), change && new Date(change).toISOString())
    })
  }
})

const minute = fc.integer({ min: 0, max: 95 }).map((quarter) => quarter * 15)
const windows: fc.Arbitrary<TimeWindow> = fc
  .record({
    days: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1 }),
    startMinute: minute,
    endMinute: minute,
  })
  .filter(({ startMinute, endMinute }) => startMinute !== endMinute)
  .map(({ days, startMinute, endMinute }) => ({ days: days.sort(), startMinute, endMinute: endMinute || 1440 }))
const windowLists = fc.array(windows, { maxLength: 3 })
/** Around the days on which the clocks change. */
const moments = fc
  .tuple(
    fc.constantFrom("2026-03-29T01:00Z", "2026-10-25T01:00Z", "2026-03-08T07:00Z", "2026-11-01T06:00Z"),
    fc.integer({ min: -5 * DAY_MS, max: 5 * DAY_MS }),
  )
  .map(([day, ms]) => at(day) + ms)
const zones = fc.constantFrom(BERLIN, NEW_YORK, "Australia/Lord_Howe", "UTC")

describe("hours, whatever they are", () => {
  it("are the union of their windows without what is closed", () => {
    fc.assert(
      fc.property(windowLists, windowLists, windowLists, zones, moments, (a, b, closed, zone, ms) => {
        const within = (open: readonly TimeWindow[]) => open.length > 0 && isOpen({ open, closed: [] }, zone, ms)
        assert.equal(within([...a, ...b]), within(a) || within(b))
        assert.equal(isOpen({ open: [], closed: a }, zone, ms), !within(a))
        const expected = (a.length === 0 || within(a)) && !within(closed)
        assert.equal(isOpen({ open: a, closed }, zone, ms), expected)
      }),
    )
  })

  it("change exactly when they say, and not before", () => {
    fc.assert(
      fc.property(
        windowLists,
        windowLists,
        zones,
        moments,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (open, closed, zone, ms, part) => {
          const hours: Hours = { open, closed }
          const now = isOpen(hours, zone, ms)
          const change = nextChange(hours, zone, ms)
          const endMs = change ?? ms + 8 * DAY_MS
          assert.ok(endMs > ms)
          if (change !== null) {
            assert.equal(isOpen(hours, zone, change), !now)
            assert.equal(isOpen(hours, zone, change - 1), now)
          }
          assert.equal(isOpen(hours, zone, Math.min(endMs - 1, Math.floor(ms + (endMs - ms) * part))), now)
        },
      ),
    )
  })

  it("are read as they are written", () => {
    fc.assert(
      fc.property(windowLists, windowLists, (open, closed) => {
        assert.deepEqual(readHours(hoursText({ open, closed })), { open, closed })
        assert.deepEqual(readNever(neverText(closed)), closed)
      }),
    )
  })
})

describe("readHours()", () => {
  const same: [string, string][] = [
    ["weekdays 18:00-09:00, weekends", "weekdays 18:00-09:00, weekends"],
    ["Mon-Fri 18:00 – 24:00", "weekdays 18:00-24:00"],
    ["saturday sunday", "weekends"],
    ["fri-mon 8:00-9:00", "mon fri sat sun 08:00-09:00"],
    ["mon wed 20:00-06:00; never 12:00-13:30", "mon wed 20:00-06:00, never 12:00-13:30"],
    ["weekdays 12:00-13:00 18:00-00:00", "weekdays 12:00-13:00, weekdays 18:00-24:00"],
    ["always", "always"],
    ["00:00-24:00", "daily"],
  ]
  for (const [text, written] of same) {
    it(`${text} is ${written}`, () => assert.equal(hoursText(readHours(text)), written))
  }
  const refused: [string, RegExp][] = [
    ["", /it is empty/],
    [" , ", /it is empty/],
    ["6pm-9am", /"6pm-9am" is no span of time: write it with hours and minutes/],
    ["weekdays 18-9", /"18-9" is no span/],
    ["18:00-25:00", /"25:00" is no time of day/],
    ["18:61-19:00", /"18:61" is no time of day/],
    ["24:00-06:00", /begins at the end of a day: write 00:00/],
    ["09:00-09:00", /could be nothing or a whole day/],
    ["montag 10:00-11:00", /"montag" is no day/],
    ["mo 10:00-11:00", /"mo" is no day/],
    ["mon-wed-fri", /is no day/],
    ["never", /"never" stands alone/],
    ["always, weekends", /"always" is no day/],
    ["constructor", /is no day/],
  ]
  for (const [text, reason] of refused) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.throws(() => readHours(text), reason))
  }

  it("leaves out nothing with never: nothing", () => {
    assert.deepEqual(readNever("nothing"), [])
    assert.deepEqual(readNever("never 12:00-13:30"), readNever("12:00-13:30"))
    assert.equal(isOpen(ALWAYS, BERLIN, 0), true)
  })
})
