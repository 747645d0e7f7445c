import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { macUptimeS, sleepCounter } from "./host-clock.ts"

/** A machine that was booted so long ago, whose uptime is told in steps of `grainMs`. */
class Machine {
  awakeMs = 0
  sleptMs = 0
  wallOffsetMs = 0
  readonly #bootedAgoMs: number
  readonly #grainMs: number

  constructor(bootedAgoMs: number, grainMs: number) {
    this.#bootedAgoMs = bootedAgoMs
    this.#grainMs = grainMs
  }

  get trueMs(): number {
    return this.#bootedAgoMs + this.awakeMs + this.sleptMs
  }

  readonly clocks = {
    uptimeS: () => (Math.floor(this.trueMs / this.#grainMs) * this.#grainMs) / 1000,
    steadyMs: () => this.awakeMs,
    wallMs: () => 1_800_000_000_000 + this.awakeMs + this.sleptMs + this.wallOffsetMs,
  }
}

const passes = fc.array(
  fc.record({
    runMs: fc.integer({ min: 0, max: 5_000 }),
    sleepMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 100_000 })),
    setMs: fc.oneof(fc.constant(0), fc.integer({ min: -100_000, max: 100_000 })),
  }),
  { maxLength: 60 },
)

describe("the clock that counts sleep", () => {
  it("is never further off than the system's own, goes never back, and counts each sleep, however coarse the system's is", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 5_000 }),
        fc.constantFrom(10, 1_000),
        passes,
        (bootedAgoMs, grainMs, all) => {
          const machine = new Machine(bootedAgoMs, grainMs)
          const count = sleepCounter(machine.clocks)
          let last = count()
          for (const { runMs, sleepMs, setMs } of all) {
            machine.awakeMs += runMs
            machine.sleptMs += sleepMs
            machine.wallOffsetMs += setMs
            const now = count()
            assert.ok(now >= last)
            // A sleep that the wall clock does not show, as it was set back by as much, is found half a second later.
            const isSeen = runMs > 500 || Math.abs(sleepMs + setMs) > 20
            if (isSeen) assert.ok(Math.abs(now - machine.trueMs) <= 1_000, `${now} at ${machine.trueMs}`)
            last = now
          }
        },
      ),
    )
  })

  it("goes on evenly where the system tells whole seconds only", () => {
    const machine = new Machine(12_345, 1_000)
    const count = sleepCounter(machine.clocks)
    // Once a second has begun between two looks, it is known where seconds begin.
    for (let at = 0; at < 20; at++) {
      machine.awakeMs += 100
      count()
    }
    for (let at = 0; at < 200; at++) {
      const before = count()
      machine.awakeMs += 100
      assert.equal(count() - before, 100)
    }
  })

  it("is the wall clock's part of a second finer than Node's uptime on macOS", () => {
    const machine = new Machine(7_300, 1_000)
    // Booted at 692.7 s, and Node subtracts whole seconds of both.
    const clocks = {
      wallMs: machine.clocks.wallMs,
      uptimeS: () => Math.floor(machine.clocks.wallMs() / 1000) - 1_799_999_992,
    }
    const uptimeS = macUptimeS(clocks)
    for (let at = 0; at < 30; at++) {
      assert.equal(Math.round(uptimeS() * 1000), 8_000 + at * 100)
      machine.awakeMs += 100
    }
  })

  it("asks anew where a second ends between two looks at the wall clock", () => {
    const walls = [1_999, 2_000, 2_000, 2_001]
    const uptimes = [1, 2]
    assert.equal(macUptimeS({ wallMs: () => walls.shift()!, uptimeS: () => uptimes.shift()! })(), 2.001)
  })
})
