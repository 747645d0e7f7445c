import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { leastUsed } from "../../base/least-used.ts"
import { HELD_KINDS } from "../../protocol/host-disk.ts"
import { budgetBytes, type Holding } from "./disk-budget.ts"

const GB = 1024 ** 3

const disks = fc
  .record({ totalBytes: fc.integer({ min: 1, max: 8_000 * GB }), free: fc.double({ min: 0, max: 1, noNaN: true }) })
  .map(({ totalBytes, free }) => ({ totalBytes, freeBytes: Math.floor(totalBytes * free) }))

const holdings: fc.Arbitrary<Holding[]> = fc.array(
  fc.record({
    kind: fc.constantFrom(...HELD_KINDS),
    name: fc.string(),
    bytes: fc.nat(1_000),
    usedMs: fc.nat(50),
    inUse: fc.boolean(),
  }),
)

describe("the budget", () => {
  it("is what an administrator said, more or less than its own reckoning, and still leaves the disk 15 % free", () => {
    const disk = { totalBytes: 1_000 * GB, freeBytes: 500 * GB }
    assert.equal(budgetBytes(disk, 0, 200 * GB), 200 * GB)
    assert.equal(budgetBytes(disk, 0, 2 * GB), 2 * GB)
    assert.equal(budgetBytes(disk, 0, 900 * GB), 350 * GB)
  })

  it("is 100 GB or a fifth of what is free with what is held, and shrinks where the disk gets full", () => {
    assert.equal(budgetBytes({ totalBytes: 2_000 * GB, freeBytes: 1_500 * GB }, 0, null), 100 * GB)
    assert.equal(budgetBytes({ totalBytes: 500 * GB, freeBytes: 200 * GB }, 50 * GB, null), 50 * GB)
    assert.equal(budgetBytes({ totalBytes: 1_000 * GB, freeBytes: 130 * GB }, 50 * GB, null), 30 * GB)
    assert.equal(budgetBytes({ totalBytes: 1_000 * GB, freeBytes: 20 * GB }, 50 * GB, null), 0)
  })

  it("is not changed by what Windfall itself adds or removes", () => {
    fc.assert(
      fc.property(disks, fc.nat(200), (disk, heldGb) => {
        const moved = Math.min(disk.freeBytes, GB)
        const after = { ...disk, freeBytes: disk.freeBytes - moved }
        assert.equal(budgetBytes(after, heldGb * GB + moved, null), budgetBytes(disk, heldGb * GB, null))
      }),
    )
  })

  it("once kept leaves 15 % of the disk free, unless others have that", () => {
    fc.assert(
      fc.property(disks, fc.nat(200), (disk, heldGb) => {
        const held = heldGb * GB
        const budget = budgetBytes(disk, held, null)
        const freeThen = disk.freeBytes + Math.max(0, held - budget)
        if (held > budget && budget > 0) assert.ok(freeThen >= disk.totalBytes * 0.15)
      }),
    )
  })
})

describe("what goes", () => {
  it("is never in use, no more than it takes, and used no later than anything that could go and stays", () => {
    fc.assert(
      fc.property(holdings, fc.nat(5_000), (all, excess) => {
        const going = leastUsed(all, excess)
        const sum = (of: readonly Holding[]) => of.reduce((bytes, one) => bytes + one.bytes, 0)
        assert.ok(going.every(({ inUse }) => !inUse))
        assert.ok(going.length === 0 || sum(going.slice(0, -1)) < excess)
        const staying = all.filter((one) => !one.inUse && one.bytes > 0 && !going.includes(one))
        if (sum(going) < excess) assert.deepEqual(staying, [])
        const latest = Math.max(...going.map(({ usedMs }) => usedMs))
        assert.ok(staying.every(({ usedMs }) => usedMs >= latest))
      }),
    )
  })
})
