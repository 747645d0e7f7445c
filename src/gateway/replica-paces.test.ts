import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { ReplicaPaces } from "./replica-paces.ts"

const replicas = fc.uniqueArray(
  fc.record({
    id: fc.string({ minLength: 1 }),
    slots: fc.integer({ min: 1, max: 8 }),
    tokenMs: fc.integer({ min: 1, max: 50 }),
  }),
  { selector: ({ id }) => id, minLength: 2, maxLength: 5 },
)

test("of those that are alike otherwise a slower one never gets more, and each is tried", () => {
  fc.assert(
    fc.property(replicas, fc.integer({ min: 20, max: 200 }), fc.integer({ min: 1, max: 8 }), (all, requests, slots) => {
      const paces = new ReplicaPaces()
      const busy = new Map<string, number>()
      const got = new Map<string, number>(all.map(({ id }) => [id, 0]))
      const under: { id: string; tokenMs: number; endMs: number }[] = []
      let nowMs = 0
      for (let count = 0; count < requests; count++) {
        const free = all
          .filter(({ id }) => (busy.get(id) ?? 0) < slots)
          .map((each) => ({ ...each, slots, busy: busy.get(each.id) ?? 0 }))
        if (free.length > 0) {
          const { id, tokenMs } = paces.choose(free, nowMs)
          busy.set(id, (busy.get(id) ?? 0) + 1)
          got.set(id, got.get(id)! + 1)
          under.push({ id, tokenMs, endMs: nowMs + 100 * tokenMs })
          if (under.length < 2 * all.length) continue
        }
        under.sort((a, b) => a.endMs - b.endMs)
        const over = under.shift()!
        nowMs = over.endMs
        busy.set(over.id, busy.get(over.id)! - 1)
        paces.note(over.id, { firstMs: 10, tokenMs: over.tokenMs }, nowMs)
      }
      for (const one of all) {
        assert.ok(got.get(one.id)! > 0)
        for (const other of all)
          if (one.tokenMs > other.tokenMs)
            assert.ok(got.get(one.id)! <= got.get(other.id)! + 2, JSON.stringify([...got]))
      }
    }),
  )
})

test("what was measured fades: a replica that was slow is tried again, and one that was started anew is another one", () => {
  const paces = new ReplicaPaces()
  const free = ["slow", "fast"].map((id) => ({ id, slots: 4, busy: 0 }))
  for (let count = 0; count < 50; count++) {
    paces.note("slow", { firstMs: 900, tokenMs: 90 }, 0)
    paces.note("fast", { firstMs: 100, tokenMs: 10 }, 0)
  }
  assert.deepEqual([paces.expectedMs("slow", 0), paces.expectedMs("fast", 0)], [9_900, 1_100])
  assert.equal(paces.choose(free, 0).id, "fast")
  for (let nowMs = 0; nowMs < 1_200_000; nowMs += 10_000) paces.note("fast", { firstMs: 100, tokenMs: 10 }, nowMs)
  assert.equal(paces.choose(free, 1_200_000).id, "slow")
  paces.keep(new Set(["slow"]))
  assert.equal(paces.expectedMs("fast", 1_200_000), undefined)
})

test("load counts, also among those of which nothing is known", () => {
  const choose = (...busy: number[]) =>
    new ReplicaPaces().choose(
      busy.map((each, index) => ({ id: `${index}`, slots: 4, busy: each })),
      0,
    ).id
  assert.deepEqual([choose(1, 0), choose(2, 1), choose(3, 3, 2), choose(0, 0)], ["1", "1", "2", "0"])
})
