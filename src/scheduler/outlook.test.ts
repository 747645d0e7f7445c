import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { addResources, fits, NO_RESOURCES, type Resources } from "../protocol/resources.ts"
import { type Occupant, Outlook, STEPS_PER_PASS } from "./outlook.ts"

const mac = (memoryBytes: number, gpus = 1, cores = 8): Resources => ({ memoryBytes, gpus, cores })
const one = (memoryBytes: number, gpus = 0, cores = 1) => ({ need: { memoryBytes, gpus, cores }, count: 1 })

function alwaysFits(need: Resources, occupants: Occupant[], total: Resources): boolean {
  return new Outlook(occupants, total).alwaysFits(need, { steps: STEPS_PER_PASS })
}

describe("Outlook.alwaysFits()", () => {
  it("lets a job in beside two that can never run together", () => {
    assert.equal(alwaysFits(mac(10, 0, 1), [one(40, 1), one(50, 1)], mac(64)), true)
    assert.equal(alwaysFits(mac(10, 0, 1), [one(40), one(100)], mac(128)), true)
  })

  it("keeps out what would have room now and be in the way after one of them ended", () => {
    const [leaseA, leaseB, earlier] = [one(20), one(20), one(30)]
    assert.equal(alwaysFits(mac(14, 0, 1), [leaseA, leaseB, earlier], mac(64)), true)
    assert.equal(alwaysFits(mac(15, 0, 1), [leaseA, leaseB, earlier], mac(64)), false)
  })

  it("lets a job in that asks for none of what is scarce", () => {
    assert.equal(alwaysFits(mac(8, 0, 1), [one(60, 1, 1)], mac(128)), true)
    assert.equal(alwaysFits(mac(0, 0, 1), [one(128, 1, 1)], mac(128)), true)
  })

  it("says no rather than look at too many combinations", () => {
    const many = Array.from({ length: 40 }, (_, index) => one(2 ** (index % 20) + index, 0, 1))
    assert.equal(alwaysFits(mac(1, 0, 1), many, mac(2 ** 20, 1, 41)), false)
  })

  it("agrees with looking at every combination", () => {
    const size = fc.integer({ min: 0, max: 9 })
    const resources = fc.record({ memoryBytes: size, gpus: fc.integer({ min: 0, max: 2 }), cores: size })
    const occupants = fc.array(fc.record({ need: resources, count: fc.integer({ min: 1, max: 3 }) }), { maxLength: 4 })
    fc.assert(
      fc.property(resources, occupants, resources, (need, others, total) => {
        fc.pre(fits(need, total))
        const flat = others.flatMap((other) => Array.from({ length: other.count }, () => other.need))
        let expected = true
        for (let chosen = 0; chosen < 2 ** flat.length && expected; chosen++) {
          const used = flat.filter((_, index) => (chosen >> index) & 1).reduce(addResources, NO_RESOURCES)
          expected = !fits(used, total) || fits(addResources(used, need), total)
        }
        assert.equal(alwaysFits(need, others, total), expected)
      }),
    )
  })
})
