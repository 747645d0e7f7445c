/** Hours on the nights on which clocks change, against a clock that is read minute by minute. */
import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { ordersOf } from "../server/owners/host-rules.ts"
import { type Hours, isOpen, nextChange, type TimeWindow } from "./hours.ts"
import { readHours, readNever } from "./hours-values.ts"
import { saidPolicy } from "./said-policy.ts"

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** Zone, and about when its clock is changed: in the night, at midnight, by half an hour, on a line of dates. */
const NIGHTS = [
  ["Europe/Berlin", "2027-03-28T01:00Z"],
  ["Europe/Berlin", "2026-10-25T01:00Z"],
  ["America/New_York", "2027-03-14T07:00Z"],
  ["America/New_York", "2026-11-01T06:00Z"],
  ["America/Havana", "2027-03-14T05:00Z"],
  ["America/Havana", "2026-11-01T05:00Z"],
  ["America/Santiago", "2026-09-06T04:00Z"],
  ["America/Santiago", "2027-04-04T03:00Z"],
  ["Africa/Cairo", "2027-04-29T22:00Z"],
  ["Australia/Lord_Howe", "2026-10-03T15:30Z"],
  ["Australia/Lord_Howe", "2027-04-03T15:00Z"],
  ["Pacific/Apia", "2011-12-30T10:00Z"],
] as const

interface Minute {
  readonly weekday: number
  readonly minute: number
}

const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

/** What the wall shows, by another way than the code has: as text of the system's tables. */
function shownBy(timeZone: string): (ms: number) => Minute {
  const options = { timeZone, weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const
  const format = new Intl.DateTimeFormat("en-GB", options)
  return (ms) => {
    const [, day = "", hour, minute] = /^(\w{3}),? (\d\d):(\d\d)$/.exec(format.format(ms)) ?? []
    return { weekday: DAYS.indexOf(day), minute: Number(hour) * 60 + Number(minute) }
  }
}

const clocks = new Map(NIGHTS.map(([zone]) => [zone as string, shownBy(zone)]))

/** Marked minute by minute on the week that a window is written in. */
function marks(windows: readonly TimeWindow[]): Uint8Array {
  const week = new Uint8Array(7 * 1440)
  for (const { days, startMinute, endMinute } of windows) {
    const length = endMinute > startMinute ? endMinute - startMinute : 1440 - startMinute + endMinute
    for (const day of days) for (let at = 0; at < length; at++) week[(day * 1440 + startMinute + at) % week.length] = 1
  }
  return week
}

function brute({ open, closed }: Hours): (shown: Minute) => boolean {
  const [isIn, isOut] = [marks(open), marks(closed)]
  return ({ weekday, minute }) => {
    const at = weekday * 1440 + minute
    return (open.length === 0 || isIn[at] === 1) && isOut[at] !== 1
  }
}

/** Compares from some hours before the change until some after it. */
function compare(hours: Hours, [zone, change]: (typeof NIGHTS)[number], spanHours: number): void {
  const shown = clocks.get(zone)!
  const expected = brute(hours)
  const from = Date.parse(change) - spanHours * HOUR_MS
  const minutes = 2 * spanHours * 60
  const states = Array.from({ length: minutes }, (_, at) => expected(shown(from + at * MINUTE_MS)))
  let next = -1
  for (let at = minutes - 1; at >= 0; at--) {
    if (at + 1 < minutes && states[at + 1] !== states[at]) next = at + 1
    const ms = from + at * MINUTE_MS
    const where = `${zone} ${new Date(ms).toISOString()}`
    assert.equal(isOpen(hours, zone, ms), states[at], where)
    assert.equal(isOpen(hours, zone, ms + MINUTE_MS - 1), states[at], where)
    // Each minute of the night, and else now and then: it searches.
    if (at % 37 !== 0 && Math.abs(ms - Date.parse(change)) > 2 * HOUR_MS) continue
    const told = nextChange(hours, zone, ms + (at % 3) * 1_000)
    if (next >= 0) assert.equal(told, from + next * MINUTE_MS, where)
    else assert.ok(told === null || told >= from + minutes * MINUTE_MS, where)
  }
}

const minuteOfDay = fc.oneof(fc.integer({ min: 0, max: 1439 }), fc.integer({ min: 0, max: 240 }))
const window: fc.Arbitrary<TimeWindow> = fc
  .record({
    days: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1 }),
    startMinute: minuteOfDay,
    endMinute: minuteOfDay,
  })
  .filter(({ startMinute, endMinute }) => startMinute !== endMinute)
  .map((one) => ({ ...one, endMinute: one.endMinute || 1440 }))

describe("on nights on which clocks change", () => {
  for (const night of NIGHTS) {
    it(`hours are what the wall shows, minute by minute: ${night.join(" ")}`, () => {
      compare(readHours("weekdays 18:00-09:00"), night, 28)
      compare({ open: [], closed: readNever("02:15-02:45") }, night, 28)
      compare({ open: [], closed: readNever("23:45-00:15") }, night, 28)
      compare({ ...readHours("weekdays 18:00-09:00, weekends"), closed: readNever("00:00-00:30") }, night, 28)
    })
  }

  it("whatever the hours are", () => {
    const lists = fc.array(window, { maxLength: 3 })
    fc.assert(
      fc.property(fc.constantFrom(...NIGHTS), lists, lists, (night, open, closed) =>
        compare({ open, closed }, night, 6),
      ),
      { numRuns: 15 },
    )
  })
})

describe("hours of a Mac in another time zone than its server", () => {
  it("go by the Mac's clock, wherever the server is; or by the zone that a rule says", () => {
    const before = process.env.TZ
    const rules = { hours: "weekdays 18:00-09:00", never: "02:15-02:45" }
    const facts = { timeZone: "Europe/Berlin" } as Parameters<typeof ordersOf>[0]["facts"]
    const said = (more: Readonly<Record<string, string>> = {}) =>
      saidPolicy({ preset: "default", rules: { ...rules, ...more } }, { rules: null })
    const lever = { pauses: {}, rules: null }
    try {
      for (const [zone, own] of [
        ["Europe/Berlin", {}],
        ["America/Havana", { time_zone: "America/Havana" }],
      ] as const) {
        const expected = brute({ ...readHours(rules.hours), closed: readNever(rules.never) })
        const shown = clocks.get(zone)!
        for (const server of ["UTC", "Pacific/Auckland", "America/Los_Angeles"]) {
          process.env.TZ = server
          const from = Date.parse("2027-03-27T00:00Z")
          for (let at = 0; at < 3 * 1440; at += 7) {
            const now = from + at * MINUTE_MS
            const { obstacles } = ordersOf({ facts, lever, policy: said(own) }, now)
            const isClosed = obstacles.some(({ code }) => code === "outside_hours")
            assert.equal(!isClosed, expected(shown(now)), `${server} ${zone} ${new Date(now).toISOString()}`)
          }
        }
      }
    } finally {
      if (before === undefined) delete process.env.TZ
      else process.env.TZ = before
    }
  })
})
