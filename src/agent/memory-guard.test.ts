import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { allowedBytes } from "../protocol/resources.ts"
import { type Held, MemoryGuard } from "./memory-guard.ts"

const GIB = 1024 ** 3
const MIB = 1024 ** 2

function held(heldBytes: number, leaseBytes: number, isAsked = true): Held {
  return { heldBytes, leaseBytes, isAsked }
}

test("a tenth more than asked for is let pass, at most 1 GiB; beyond it is ended, with what would have done", () => {
  const guard = new MemoryGuard()
  const end = (one: Held) => guard.measured(100 * GIB, [one], null).map(({ message }) => message)
  assert.deepEqual(end(held(1.1 * GIB, GIB)), [])
  assert.deepEqual(end(held(49 * GIB, 48 * GIB)), [])
  assert.match(
    end(held(49 * GIB + 1, 48 * GIB))[0] ?? "",
    /^It held 49 GB, and 48 GB were asked for: --memory 54G would/,
  )
  assert.match(end(held(600 * MIB, 512 * MIB))[0] ?? "", /--memory 700M would have done until then/)
})

test("who did not say how much is ended in danger only; in danger the one furthest above its lease is", () => {
  const guard = new MemoryGuard()
  const [silent, kept, over] = [held(3 * GIB, GIB / 2, false), held(7 * GIB, 8 * GIB), held(8.5 * GIB, 8 * GIB)]
  assert.deepEqual(guard.measured(GIB, [silent, kept, over], null), [])
  const [broken, ...others] = guard.measured(GIB, [over, kept, silent], "it has only 100 MB left")
  assert.equal(broken?.held, silent)
  assert.match(broken?.message ?? "", /it had not said how much it needs.*in danger: it has only 100 MB left$/)
  assert.deepEqual(others, [])
  assert.deepEqual(guard.measured(GIB, [kept], "it has only 100 MB left"), [], "who kept its word is never ended")
})

test("whatever grows, it is measured before it is more than half a gigabyte beyond what it may hold", () => {
  const step = fc.tuple(fc.integer({ min: 0, max: GIB }), fc.integer({ min: 0, max: GIB }))
  fc.assert(
    fc.property(fc.integer({ min: MIB, max: 64 * GIB }), fc.array(step, { maxLength: 300 }), (leaseBytes, steps) => {
      const guard = new MemoryGuard()
      const allowed = allowedBytes(leaseBytes)
      let [free, mine, others] = [512 * GIB, 0, 0]
      guard.measured(free, [held(mine, leaseBytes), held(others, 64 * GIB)], null)
      for (const [ours, theirs] of steps) {
        const before = mine
        mine += ours
        others += theirs
        free -= ours + theirs
        if (guard.isDue(free) && guard.measured(free, [held(mine, leaseBytes)], null).length > 0) return
        // What was taken in one step nobody can have seen.
        assert.ok(before <= allowed + GIB / 2, `${before} of ${allowed} went unseen`)
      }
    }),
  )
})
