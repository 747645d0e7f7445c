import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { ANNAS, later, lookAt, SECOND_MS } from "../../test/support/presence-scenes.ts"
import { observe, type Watch } from "./presence.ts"

/** A Mac second by second, with somebody at it at times: what HIDIdleTime does there, and what is true. */
class SimulatedMac {
  atS = 0
  idleS = 0
  wokeS = -86_400
  locked = false
  display: "on" | "asleep" = "on"
  typedS = 0
  watch: Watch | undefined

  look(): Watch {
    this.watch = observe(
      this.watch,
      lookAt(later(this.atS * SECOND_MS), {
        idleMs: this.idleS * SECOND_MS,
        locked: this.locked,
        display: this.display,
        wokeAgoMs: (this.atS - this.wokeS) * SECOND_MS,
      }),
      ANNAS,
    )
    return this.watch
  }

  type(): void {
    this.idleS = 0
    this.typedS = this.atS
    this.locked = false
    this.display = "on"
  }

  wait(seconds: number): void {
    this.atS += seconds
    this.idleS += seconds
  }

  leave(): void {
    this.locked = true
    this.display = "asleep"
  }

  /** The idle time stands still in sleep, and starts anew with the dark wake. */
  sleep(seconds: number): void {
    this.atS += seconds
    this.wokeS = this.atS
    this.idleS = 0
  }
}

const gaps = fc.constantFrom(1, 2, 5)

describe("observe() on a Mac that people come to and leave", () => {
  it("knows them to be here at the first look after each key, and not away within a minute of it", () => {
    const days = fc.array(
      fc.tuple(fc.constantFrom("type", "wait", "leave", "sleep"), fc.integer({ min: 1, max: 400 }), gaps),
    )
    fc.assert(
      fc.property(days, (day) => {
        const mac = new SimulatedMac()
        mac.look()
        for (const [what, seconds, gap] of day) {
          if (what === "leave") mac.leave()
          else if (what === "sleep" && mac.locked) mac.sleep(seconds)
          else if (what === "type") {
            mac.type()
            assert.equal(mac.look().presence.state, "here")
          } else {
            for (let s = 0; s < seconds; s += gap) {
              mac.wait(gap)
              const { presence, quietMs } = mac.look()
              if (mac.atS - mac.typedS < 60) assert.notEqual(presence.state, "away")
              assert.ok(quietMs <= (mac.atS - mac.typedS) * SECOND_MS)
            }
          }
        }
      }),
    )
  })

  it("stays away through a night of sleep and dark wakes, and knows since when", () => {
    const wakes = fc.array(
      fc.record({ sleptS: fc.integer({ min: 30, max: 4_000 }), awakeS: fc.integer({ min: 1, max: 120 }), gap: gaps }),
    )
    fc.assert(
      fc.property(wakes, (night) => {
        const mac = new SimulatedMac()
        mac.type()
        mac.look()
        mac.leave()
        for (let s = 0; s < 70; s += 5) {
          mac.wait(5)
          mac.look()
        }
        assert.equal(mac.watch?.presence.state, "away")
        for (const { sleptS, awakeS, gap } of night) {
          mac.sleep(sleptS)
          for (let s = 0; s < awakeS; s += gap) {
            mac.wait(gap)
            const { presence, says, quietMs } = mac.look()
            assert.deepEqual(presence, { state: "away", since: later(0) })
            if (says === "quiet") assert.equal(quietMs, mac.atS * SECOND_MS)
          }
        }
      }),
    )
  })
})
