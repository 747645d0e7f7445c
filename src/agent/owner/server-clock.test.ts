import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { clockSetMs, leverMoved } from "../../presence/lever-clock.ts"
import { leverKey, mergeLevers } from "../../presence/merge-lever.ts"
import { type Lever, NO_LEVER, type PauseWord, VOICES } from "../../protocol/owner.ts"
import { ServerClock } from "./server-clock.ts"

const NOW = 1_800_000_000_000
const HOUR = 3_600_000
const word = (at: number, hours: number | null, by = "anna"): PauseWord => ({
  at,
  by,
  pause: { since: at, until: hours === null ? null : at + hours * HOUR },
})
const resume = (at: number): PauseWord => ({ at, by: "anna", pause: null })
const lever = (owner: PauseWord): Lever => ({ pauses: { owner }, rules: null })

describe("a server whose clock is another", () => {
  it("says words by its own clock, which are kept by this one, and gets them back as it said them", () => {
    const clock = new ServerClock()
    assert.equal(clock.tell(NO_LEVER), null, "nobody knows the server's clock yet")
    const said = lever(word(NOW + 3 * HOUR, 2))
    const here = clock.take(said, NOW + 3 * HOUR + 1, NO_LEVER, NOW + 7)
    assert.deepEqual(here, lever(word(NOW + 6, 2)))
    assert.deepEqual(clock.tell(here), said)
    // Another exchange, later: a message is on its way for a while.
    assert.deepEqual(clock.take(said, NOW + 4 * HOUR + 900, here, NOW + HOUR), here)
    assert.deepEqual(clock.tell(here), said)
    // What is said here is told by the server's clock.
    const own = lever(resume(NOW + HOUR))
    assert.deepEqual(clock.tell(own), lever(resume(NOW + 4 * HOUR + 900)))
    // A clock that is the same but for a moment changes nothing.
    assert.deepEqual(clock.take(said, NOW + 2_000, NO_LEVER, NOW), said)
    assert.deepEqual(clock.take(said, undefined, NO_LEVER, NOW), said)
  })

  it("and what is kept here come to the same, whoever spoke last and whatever is said again", () => {
    const skews = fc.integer({ min: -12 * HOUR, max: 12 * HOUR }).filter((ms) => Math.abs(ms) > 10_000)
    const step = fc.record({
      who: fc.constantFrom("server" as const, "host" as const, "exchange" as const),
      voice: fc.constantFrom(...VOICES),
      hours: fc.option(fc.integer({ min: 1, max: 9 })),
      isResume: fc.boolean(),
      jitterMs: fc.integer({ min: 0, max: 900 }),
    })
    fc.assert(
      fc.property(skews, fc.array(step, { maxLength: 12 }), (aheadMs, steps) => {
        const clock = new ServerClock()
        let [atServer, atHost, realMs]: [Lever, Lever, number] = [NO_LEVER, NO_LEVER, NOW]
        /** By voice: the length of the last pause, and when it was said. */
        const last = new Map<string, { readonly realMs: number; readonly hours: number | null | "resumed" }>()
        const exchange = (jitterMs: number) => {
          atHost = mergeLevers(atHost, clock.take(atServer, realMs + aheadMs, atHost, realMs + jitterMs))
          atServer = mergeLevers(atServer, clock.tell(atHost) ?? NO_LEVER)
        }
        for (const { who, voice, hours, isResume, jitterMs } of steps) {
          realMs += 20 * 60_000
          if (who === "exchange") exchange(jitterMs)
          else {
            const at = who === "server" ? realMs + aheadMs : realMs
            const said: Lever = { pauses: { [voice]: isResume ? resume(at) : word(at, hours) }, rules: null }
            if (who === "server") atServer = mergeLevers(atServer, said)
            else atHost = mergeLevers(atHost, said)
            last.set(voice, { realMs, hours: isResume ? "resumed" : hours })
          }
        }
        realMs += HOUR
        exchange(0)
        const settled = [leverKey(atServer), leverKey(atHost)]
        exchange(450)
        assert.deepEqual([leverKey(atServer), leverKey(atHost)], settled, "nothing new comes of it")
        for (const [voice, { realMs: saidMs, hours }] of last) {
          for (const [side, shownMs] of [
            [atServer, aheadMs],
            [atHost, 0],
          ] as const) {
            const held = side.pauses[voice as (typeof VOICES)[number]]
            if (hours === "resumed") assert.equal(held?.pause, null)
            else if (hours === null) assert.equal(held?.pause?.until, null)
            else {
              const untilMs = (held?.pause?.until ?? 0) - shownMs
              assert.ok(Math.abs(untilMs - saidMs - hours * HOUR) < 5_000, `${untilMs - saidMs}`)
            }
          }
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe("a clock that is set", () => {
  it("is told from one that drifts, and from sleep", () => {
    const at = (wallMs: number, sleepCountingMs: number) => ({ wallMs, sleepCountingMs })
    assert.equal(clockSetMs(at(0, 0), at(9 * HOUR, 9 * HOUR)), 0)
    assert.equal(clockSetMs(at(0, 0), at(400 + 4_999, 400)), 0)
    assert.equal(clockSetMs(at(0, 0), at(400 + HOUR, 400)), HOUR)
    assert.equal(clockSetMs(at(0, 0), at(400 - HOUR, 400)), -HOUR)
  })

  it("changes nothing of what the server and this host think of each other's words", () => {
    const clock = new ServerClock()
    const said = lever(word(NOW, 2))
    const here = clock.take(said, NOW, NO_LEVER, NOW - 3 * HOUR)
    // A time server has found this host: both clocks are the same from now on.
    clock.wasSet(3 * HOUR)
    const set = leverMoved(here, 3 * HOUR)
    assert.deepEqual(set, said)
    assert.deepEqual(clock.tell(set), said)
    assert.deepEqual(clock.take(said, NOW + 10, set, NOW), said)
  })
})
