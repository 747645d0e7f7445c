import assert from "node:assert/strict"
import { it } from "node:test"
import fc from "fast-check"
import { divideLayers } from "./divide-layers.ts"
import { LeastTime } from "./least-time.ts"
import { type LoadBearer, type ModelLoad, needOf, runMs } from "./model-load.ts"

const memberArb: fc.Arbitrary<LoadBearer> = fc.record({
  budgetBytes: fc.integer({ min: 4, max: 40 }),
  msPerByte: fc.integer({ min: 1, max: 9 }),
  msPerLayer: fc.integer({ min: 0, max: 5 }),
})

const loadArb: fc.Arbitrary<ModelLoad> = fc
  .record({
    layers: fc.array(fc.record({ need: fc.integer({ min: 1, max: 9 }), read: fc.integer({ min: 0, max: 9 }) }), {
      minLength: 1,
      maxLength: 9,
    }),
    everyBytes: fc.integer({ min: 0, max: 3 }),
    headBytes: fc.integer({ min: 0, max: 6 }),
    tailBytes: fc.integer({ min: 0, max: 6 }),
    tailReadBytes: fc.integer({ min: 0, max: 6 }),
  })
  .map(({ layers, ...rest }) => {
    const sums = (of: (layer: (typeof layers)[number]) => number) => {
      const upTo = new Float64Array(layers.length + 1)
      for (const [at, layer] of layers.entries()) upTo[at + 1] = upTo[at]! + of(layer)
      return upTo
    }
    return {
      ...rest,
      layerCount: layers.length,
      needUpTo: sums(({ need }) => need),
      readUpTo: sums(({ read }) => read),
      cacheBytes: 0,
      sharedBytes: Math.min(rest.headBytes, rest.tailBytes),
    }
  })

it("divides layers as well as trying all divisions does", () => {
  let fitted = 0
  fc.assert(
    fc.property(loadArb, fc.array(memberArb, { minLength: 1, maxLength: 5 }), fc.nat(4), (load, members, head) => {
      const at = head % members.length
      const found = divideLayers(load, members, at)
      const least = leastByTrying(load, members, at, 0, 0)
      assert.equal(found?.tokenMs ?? Number.POSITIVE_INFINITY, least)
      if (found === undefined) return
      const bound = new LeastTime(load).among(members).ms(at, members.length - 1)
      assert.ok(bound <= found.tokenMs * (1 + 1e-9), "the bound is above what is possible")
      if (members.length > 2) fitted++
      let [from, tokenMs] = [0, 0]
      for (const [member, count] of found.counts.entries()) {
        assert.ok(count > 0 && needOf(load, from, from + count, member === at) <= members[member]!.budgetBytes)
        tokenMs += runMs(load, members[member]!, from, from + count)
        from += count
      }
      assert.equal(from, load.layerCount)
      assert.equal(tokenMs, found.tokenMs)
    }),
    { numRuns: 3_000 },
  )
  assert.ok(fitted > 300, `only ${fitted} divisions among three and more fitted: this says little`)
})

function leastByTrying(
  load: ModelLoad,
  members: readonly LoadBearer[],
  head: number,
  at: number,
  from: number,
): number {
  const member = members[at]!
  const isLast = at === members.length - 1
  let least = Number.POSITIVE_INFINITY
  for (let to = isLast ? load.layerCount : from + 1; to <= load.layerCount - (isLast ? 0 : 1); to++) {
    if (to <= from || needOf(load, from, to, at === head) > member.budgetBytes) continue
    const rest = isLast ? 0 : leastByTrying(load, members, head, at + 1, to)
    least = Math.min(least, runMs(load, member, from, to) + rest)
  }
  return least
}

it("knows without dividing what the best division of layers takes that are all alike, where each has room for all", () => {
  fc.assert(
    fc.property(loadArb, fc.array(memberArb, { minLength: 2, maxLength: 4 }), (load, members) => {
      const same = (upTo: Float64Array) => upTo.map((_, at) => at * (upTo[1] ?? 0))
      const alike = { ...load, needUpTo: same(load.needUpTo), readUpTo: same(load.readUpTo) }
      const roomy = members.map((one) => ({ ...one, budgetBytes: 1e9 }))
      const found = divideLayers(alike, roomy, 0)
      if (found === undefined) return assert.ok(alike.layerCount < roomy.length)
      const bound = new LeastTime(alike).among(roomy).ms(0, roomy.length - 1)
      assert.ok(Math.abs(bound - found.tokenMs) <= 1e-9 * found.tokenMs, `${bound} and ${found.tokenMs}`)
    }),
  )
})
