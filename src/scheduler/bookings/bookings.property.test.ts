import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { localTime } from "../../base/zone-time.ts"
import { RECURRENCES } from "../../protocol/booking.ts"
import type { HostId, JobId } from "../../protocol/ids.ts"
import { readMomentMs } from "../time/moment-text.ts"
import { recurrenceProblem } from "../time/recurrence.ts"
import { wallText } from "../time/wall-text.ts"
import { allTimes, nextTime, recurring, type Times, timesBetween } from "./booking-times.ts"
import { firstClash } from "./clash.ts"
import { clockNotices, jumpedOver } from "./clock-notices.ts"
import { type BookedTime, keptHosts } from "./kept-hosts.ts"

const [MINUTE_MS, HOUR_MS, DAY_MS] = [60_000, 3_600_000, 86_400_000]
const utc = (text: string) => Date.parse(`${text}Z`)
const BERLIN = "Europe/Berlin"

/** Around both nights of a year in which clocks in Europe are changed. */
const near = fc
  .tuple(fc.constantFrom(utc("2026-03-27T00:00"), utc("2026-10-23T00:00")), fc.nat(5 * 24 * 4))
  .map(([fromMs, quarters]) => fromMs + quarters * 15 * MINUTE_MS)

const booking: fc.Arbitrary<Times> = fc
  .record({
    startAt: near,
    durationMs: fc.integer({ min: 1, max: 26 * 4 }).map((quarters) => quarters * 15 * MINUTE_MS),
    timeZone: fc.constantFrom(BERLIN, "America/New_York", "Australia/Lord_Howe", "UTC"),
    repeats: fc.constantFrom(null, ...RECURRENCES),
    days: fc.option(fc.integer({ min: 1, max: 10 })),
    skips: fc.uniqueArray(fc.nat(4), { maxLength: 2 }),
  })
  .map(({ days, skips, ...rest }) => {
    const untilAt = days === null || rest.repeats === null ? null : rest.startAt + days * DAY_MS
    const whole = { ...rest, untilAt, skipped: [] as number[] }
    const first = [...allTimes(whole, rest.startAt).take(5)]
    return { ...whole, skipped: skips.flatMap((at) => first[at]?.startAt ?? []) }
  })
  .filter((one) => recurrenceProblem(recurring(one)) === null)

describe("times of bookings", () => {
  it("clash where, and only where, a look at each quarter of an hour finds both on", () => {
    fc.assert(
      fc.property(booking, booking, (one, other) => {
        const nowMs = Math.min(one.startAt, other.startAt)
        const endMs = nowMs + 20 * DAY_MS
        const isOn = (all: Times) => {
          const times = timesBetween(all, nowMs, endMs)
          return (atMs: number) => times.some(({ startAt, endAt }) => startAt <= atMs && atMs < endAt)
        }
        const [mine, its] = [isOn(one), isOn(other)]
        let expected: number | null = null
        for (let atMs = nowMs; atMs < endMs && expected === null; atMs += 15 * MINUTE_MS)
          if (mine(atMs) && its(atMs)) expected = atMs
        const clash = firstClash(one, other, nowMs)
        const found = clash === null ? null : Math.max(clash.one.startAt, clash.other.startAt)
        if (expected !== null) assert.equal(found, expected)
        else assert.ok(found === null || found >= endMs)
        assert.equal(firstClash(other, one, nowMs) === null, clash === null)
      }),
      { numRuns: 150 },
    )
  })

  it("overlap themselves by the hour that a day is shorter at most, keep the time on the wall, and say so where they cannot", () => {
    fc.assert(
      fc.property(booking, (one) => {
        const times = [...allTimes(one, one.startAt).take(12)]
        for (const [at, { startAt }] of times.entries()) {
          if (at === 0) continue
          // Nearly a day, of time that passes, is longer than a day on which the clock is put on.
          const isNearly = one.durationMs % DAY_MS > DAY_MS - HOUR_MS
          assert.ok(startAt >= times[at - 1]!.endAt - (isNearly ? HOUR_MS : 0))
        }
        if (one.repeats === "hourly") return
        const wanted = localTime(one.timeZone, one.startAt).msOfDay
        const moved = times.filter(({ startAt }) => localTime(one.timeZone, startAt).msOfDay !== wanted)
        const said = clockNotices(one, one.startAt)
        for (const _ of moved) assert.ok(said.some((text) => text.includes("jumps over")))
      }),
      { numRuns: 150 },
    )
  })

  it("of nearly a day overlap on the shorter day, which keeps the hosts for the same people", () => {
    const nearly: Times = {
      startAt: utc("2026-03-28T05:00"),
      durationMs: DAY_MS - 15 * MINUTE_MS,
      timeZone: BERLIN,
      repeats: "daily",
      untilAt: null,
      skipped: [],
    }
    const [first, second] = [...allTimes(nearly, nearly.startAt).take(2)]
    assert.equal(first!.endAt - second!.startAt, 45 * MINUTE_MS)
  })

  it("that are left out are not next, and a booking is over when all that are left are", () => {
    const daily: Times = {
      startAt: utc("2026-11-27T08:00"),
      durationMs: HOUR_MS,
      timeZone: BERLIN,
      repeats: "daily",
      untilAt: utc("2026-11-29T00:00"),
      skipped: [utc("2026-11-27T08:00")],
    }
    assert.equal(nextTime(daily, daily.startAt)?.startAt, utc("2026-11-28T08:00"))
    assert.equal(nextTime({ ...daily, skipped: [...daily.skipped, utc("2026-11-28T08:00")] }, daily.startAt), null)
    assert.equal(nextTime(daily, utc("2026-11-28T09:00")), null)
  })
})

describe("clockNotices()", () => {
  const at = (startAt: string, repeats: Times["repeats"], timeZone = BERLIN): Times => ({
    startAt: utc(startAt),
    durationMs: HOUR_MS,
    timeZone,
    repeats,
    untilAt: null,
    skipped: [],
  })
  it("says which begins at an hour that is missing or there twice, and how it is taken", () => {
    assert.deepEqual(clockNotices(at("2026-11-27T01:30", "daily"), utc("2026-11-27T00:00")), [
      "On 2027-03-28 the clock in Europe/Berlin jumps over 02:30: it begins at 03:00 that day",
      "On 2027-10-31 the clock in Europe/Berlin shows 02:30 twice: it begins the first time",
    ])
    assert.deepEqual(clockNotices(at("2026-10-25T01:30", null), utc("2026-10-01T00:00")), [
      "On 2026-10-25 the clock in Europe/Berlin shows 02:30 twice: it begins the second time",
    ])
    // Half an hour there.
    assert.deepEqual(clockNotices(at("2027-04-03T14:45", null, "Australia/Lord_Howe"), utc("2027-04-01T00:00")), [
      "On 2027-04-04 the clock in Australia/Lord_Howe shows 01:45 twice: it begins the first time",
    ])
  })
  it("knows a typed hour that is jumped over, and nothing of others that are typed", () => {
    const nowMs = utc("2027-03-20T12:00")
    const asked = (typed: string) => jumpedOver(typed, readMomentMs(typed, nowMs, BERLIN), nowMs, BERLIN)
    assert.equal(asked("2027-03-28 02:30"), utc("2027-03-28T02:30"))
    for (const typed of ["tomorrow 09:00", "2027-03-28 03:30", "now+9d", "2027-03-28T02:30Z", "18:00", "3/28"])
      assert.equal(asked(typed), null, typed)
  })
  it("takes the hour that was asked for on all days but the one on which it is jumped over", () => {
    const shown = (times: Times, count: number) =>
      [...allTimes(times, times.startAt).take(count)].map(({ startAt }) => wallText(startAt, times.timeZone, 0))
    const first = { ...at("2027-03-28T01:00", "daily"), askedWallAt: utc("2027-03-28T02:30") }
    assert.deepEqual(
      shown(first, 3).map((text) => text.slice(-5)),
      ["03:00", "02:30", "02:30"],
    )
    assert.deepEqual(clockNotices(first, utc("2027-03-20T12:00")), [
      "On 2027-03-28 the clock in Europe/Berlin jumps over 02:30: it begins at 03:00 that day",
      "On 2027-10-31 the clock in Europe/Berlin shows 02:30 twice: it begins the first time",
      "On 2028-03-26 the clock in Europe/Berlin jumps over 02:30: it begins at 03:00 that day",
    ])
    assert.deepEqual(clockNotices({ ...first, repeats: "hourly" }, utc("2027-03-20T12:00")), [
      "On 2027-03-28 the clock in Europe/Berlin jumps over 02:30: it begins at 03:00, and each hour from then on",
    ])
    // There the jump leads into the next day.
    const nuuk = at("2027-03-28T01:00", "daily", "America/Nuuk")
    assert.deepEqual(
      shown({ ...nuuk, askedWallAt: utc("2027-03-27T23:30") }, 3).map((text) => text.slice(-11)),
      ["03-28 00:00", "03-28 23:30", "03-29 23:30"],
    )
  })
  it("says nothing of others", () => {
    for (const repeats of ["daily", "hourly", null] as const)
      assert.deepEqual(clockNotices(at("2026-11-27T08:00", repeats), utc("2026-11-27T00:00")), [])
  })
})

describe("keptHosts()", () => {
  const [ALPHA, BETA] = ["h0" as HostId, "h1" as HostId]
  const NOW_MS = 10 * HOUR_MS
  const vision: BookedTime = {
    name: "vision",
    hosts: new Set([ALPHA]),
    startMs: NOW_MS + 2 * HOUR_MS,
    endMs: NOW_MS + 5 * HOUR_MS,
    users: ["ann"],
    accounts: ["lab"],
    timeZone: BERLIN,
    maintenance: false,
  }
  const job = { id: 1 as JobId, user: "bob", account: "other", limitMs: HOUR_MS, booking: null }
  const codes = (change: Partial<typeof job> | { limitMs: number | null; booking?: string }, nowMs = NOW_MS) =>
    keptHosts([vision], [ALPHA, BETA], { ...job, ...change }, nowMs).map(({ host, code }) => [host, code])

  it("keeps off who may reach into it, and nobody else", () => {
    assert.deepEqual(codes({}), [])
    assert.deepEqual(codes({ limitMs: 2 * HOUR_MS }), [])
    assert.deepEqual(codes({ limitMs: 2 * HOUR_MS + 1 }), [[ALPHA, "booked"]])
    assert.deepEqual(codes({ limitMs: null }), [[ALPHA, "booked"]])
    assert.deepEqual(codes({ limitMs: null }, vision.endMs), [])
    assert.deepEqual(codes({ limitMs: 1 }, vision.startMs), [[ALPHA, "booked"]])
    assert.deepEqual(codes({ limitMs: null, user: "ann" }), [])
    assert.deepEqual(codes({ limitMs: null, account: "lab" }), [])
  })
  it("lets a job that is to run in it on its hosts, in its time alone", () => {
    const own = { limitMs: null, booking: "vision" }
    assert.deepEqual(codes(own), [
      [ALPHA, "booking_to_come"],
      [BETA, "not_booked"],
    ])
    assert.deepEqual(codes(own, vision.startMs), [[BETA, "not_booked"]])
    assert.deepEqual(codes(own, vision.endMs), [
      [ALPHA, "booking_over"],
      [BETA, "booking_over"],
    ])
  })
})
