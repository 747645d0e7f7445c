import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { expectedPresence } from "./expected-presence.ts"
import { learnPresence, noPresence, type PresenceLook } from "./weekly-presence.ts"

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** A Monday, 00:00 in Berlin, where summer time ends three weeks later. */
const MONDAY_MS = Date.parse("2026-10-04T22:00:00Z")
const BERLIN = "Europe/Berlin"

/** Looks of a week: there on weekdays from nine to five. */
function officeWeek(week: number): PresenceLook[] {
  const at = (day: number, hour: number) => MONDAY_MS + (week * 7 + day) * DAY_MS + hour * HOUR_MS
  return Array.from({ length: 7 }, (_, day): PresenceLook[] => {
    const isWork = day < 5
    return [
      { fromMs: at(day, 0), toMs: at(day, 9), isHere: false },
      { fromMs: at(day, 9), toMs: at(day, 17), isHere: isWork },
      { fromMs: at(day, 17), toMs: at(day, 24), isHere: false },
    ]
  }).flat()
}

function learned(weeks: number, of = officeWeek) {
  const looks = Array.from({ length: weeks }, (_, week) => of(week)).flat()
  return learnPresence(noPresence(MONDAY_MS), looks, BERLIN)
}

const isoOf = ({ startMs, endMs }: { readonly startMs: number; readonly endMs: number }) =>
  [startMs, endMs].map((ms) => new Date(ms).toISOString().slice(5, 16))

describe("expectedPresence()", () => {
  it("expects owners when they were there week after week, by the clock on their wall, also once that is changed", () => {
    const weekly = learned(3)
    // The Monday after the change: nine o'clock is an hour later by UTC.
    const fromMs = Date.parse("2026-10-25T23:00:00Z")
    const expected = expectedPresence(weekly, BERLIN, fromMs, fromMs + 2 * DAY_MS)
    assert.deepEqual(expected.map(isoOf), [
      ["10-26T08:00", "10-26T16:00"],
      ["10-27T08:00", "10-27T16:00"],
    ])
    const weekend = expectedPresence(weekly, BERLIN, fromMs + 5 * DAY_MS, fromMs + 7 * DAY_MS)
    assert.deepEqual(weekend, [])
  })

  it("begins with now where they are expected now", () => {
    const nowMs = MONDAY_MS + 21 * DAY_MS + HOUR_MS + 11.5 * HOUR_MS
    const [first] = expectedPresence(learned(3), BERLIN, nowMs, nowMs + DAY_MS)
    assert.equal(first?.startMs, nowMs)
  })

  it("expects nobody after one week, and is surer from week to week", () => {
    const nowMs = MONDAY_MS + 56 * DAY_MS
    const confidence = (weeks: number) =>
      expectedPresence(learned(weeks), BERLIN, nowMs, nowMs + 7 * DAY_MS)[0]?.confidence ?? 0
    assert.equal(confidence(1), 0)
    const each = [2, 3, 4, 8].map(confidence)
    assert.ok(each[0]! > 0.7 && each.every((one, at) => one < 1 && one > (each[at - 1] ?? 0)), `${each}`)
  })

  it("forgets a habit sooner than it was learned", () => {
    const weekly = learned(14, (week) =>
      officeWeek(week).map((look) => ({ ...look, isHere: look.isHere && week < 10 })),
    )
    const nowMs = MONDAY_MS + 98 * DAY_MS
    assert.deepEqual(expectedPresence(weekly, BERLIN, nowMs, nowMs + 7 * DAY_MS), [])
  })

  it("says nothing of hours in which nobody looked", () => {
    const weekly = learned(4, (week) => officeWeek(week).filter(({ isHere }) => isHere))
    const nowMs = MONDAY_MS + 28 * DAY_MS
    const expected = expectedPresence(weekly, BERLIN, nowMs, nowMs + 7 * DAY_MS)
    assert.equal(expected.length, 5)
    assert.ok(expected.every(({ startMs, endMs }) => endMs - startMs === 8 * HOUR_MS))
  })
})

describe("learnPresence()", () => {
  const looks = fc
    .array(fc.tuple(fc.integer({ min: 1, max: 40 * HOUR_MS }), fc.boolean(), fc.boolean()), { maxLength: 30 })
    .map((parts) => {
      let atMs = MONDAY_MS
      return parts.flatMap(([lastsMs, isHere, isSeen]): PresenceLook[] => {
        const fromMs = atMs
        atMs += lastsMs
        return isSeen ? [{ fromMs, toMs: atMs, isHere }] : []
      })
    })

  it("comes to the same at once, in pieces, and when pieces are told twice", () => {
    fc.assert(
      fc.property(looks, fc.nat(30), fc.nat(30), (all, cut, again) => {
        const atOnce = learnPresence(noPresence(MONDAY_MS), all, BERLIN)
        const first = learnPresence(noPresence(MONDAY_MS), all.slice(0, cut), BERLIN)
        const twice = learnPresence(first, all.slice(Math.min(cut, again)), BERLIN)
        assert.equal(twice.throughMs, atOnce.throughMs)
        for (const column of ["seenHours", "hereHours"] as const) {
          for (const [hour, value] of atOnce[column].entries()) assert.ok(Math.abs(value - twice[column][hour]!) < 1e-9)
        }
      }),
    )
  })

  it("has nobody there longer than somebody looked, and counts no hour twice", () => {
    fc.assert(
      fc.property(looks, (all) => {
        const { seenHours, hereHours } = learnPresence(noPresence(MONDAY_MS), all, BERLIN)
        const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
        const lookedMs = all.reduce((total, { fromMs, toMs }) => total + toMs - fromMs, 0)
        assert.ok(hereHours.every((here, hour) => here >= 0 && here <= seenHours[hour]! + 1e-12))
        assert.ok(sum(seenHours) <= lookedMs / HOUR_MS + 1e-9)
      }),
    )
  })
})
