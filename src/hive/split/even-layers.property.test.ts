import assert from "node:assert/strict"
import { it } from "node:test"
import fc from "fast-check"
import { fleetOf, layeredModel, mac } from "../../../test/support/hive-fleets.ts"
import { llamaCppRules } from "../engines/llama-cpp.ts"
import type { FleetHost } from "../fleet/fleet.ts"
import { hivesFor } from "../plan/hives-for.ts"
import { PreparedFleet } from "../plan/prepared-fleet.ts"
import { divideLayers } from "./divide-layers.ts"
import { evened } from "./even-layers.ts"
import { type LoadBearer, type ModelLoad, needOf, runMs } from "./model-load.ts"

const GIB = 1024 ** 3

const memberArb: fc.Arbitrary<LoadBearer> = fc.record({
  budgetBytes: fc.integer({ min: 10, max: 60 }),
  msPerByte: fc.constantFrom(1, 1, 3),
  msPerLayer: fc.constantFrom(0, 2),
})

const loadArb: fc.Arbitrary<ModelLoad> = fc
  .record({
    layers: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 24 }),
    everyBytes: fc.integer({ min: 0, max: 3 }),
    headBytes: fc.integer({ min: 0, max: 6 }),
    tailBytes: fc.integer({ min: 0, max: 6 }),
  })
  .map(({ layers, ...rest }) => {
    const upTo = new Float64Array(layers.length + 1)
    for (const [at, need] of layers.entries()) upTo[at + 1] = upTo[at]! + need
    const own = { layerCount: layers.length, needUpTo: upTo, readUpTo: upTo, cacheBytes: 0, sharedBytes: 0 }
    return { ...own, ...rest, tailReadBytes: rest.tailBytes }
  })

/** How full each is, and what a token takes. */
function look(load: ModelLoad, members: readonly LoadBearer[], head: number, counts: readonly number[]) {
  let [from, ms] = [0, 0]
  const fills = members.map((member, at) => {
    const to = from + counts[at]!
    ms += runMs(load, member, from, to)
    const fill = needOf(load, from, to, at === head) / member.budgetBytes
    from = to
    return fill
  })
  assert.equal(from, load.layerCount)
  return { fills, ms }
}

it("is as fast, within all budgets, and fuller nowhere among members that are alike", () => {
  let evener = 0
  fc.assert(
    fc.property(loadArb, fc.array(memberArb, { minLength: 2, maxLength: 5 }), fc.nat(4), (load, members, at) => {
      const head = at % members.length
      const found = divideLayers(load, members, head)
      if (found === undefined) return
      const even = evened(load, members, head, found)
      const [before, after] = [found, even].map(({ counts }) => look(load, members, head, counts)) as [
        ReturnType<typeof look>,
        ReturnType<typeof look>,
      ]
      assert.ok(Math.abs(after.ms - before.ms) <= 1e-9 * before.ms, `${before.ms} and ${after.ms}`)
      assert.equal(even.tokenMs, after.ms)
      assert.ok(even.counts.every((count) => count > 0) && after.fills.every((fill) => fill <= 1))
      const speed = ({ msPerByte, msPerLayer }: LoadBearer) => `${msPerByte} ${msPerLayer}`
      for (const kind of new Set(members.map(speed))) {
        const most = (fills: readonly number[]) =>
          Math.max(...fills.filter((_, place) => speed(members[place]!) === kind))
        assert.ok(most(after.fills) <= most(before.fills) + 1e-9)
        if (most(after.fills) < most(before.fills) - 0.1) evener++
      }
    }),
    { numRuns: 2_000 },
  )
  assert.ok(evener > 100, `only ${evener} became evener: this says little`)
})

it("gives Macs that are alike as many layers each, and none more for a fuller one", () => {
  const model = layeredModel(Array.from({ length: 80 }, () => GIB))
  const request = { contextTokens: 4096, slots: 1, kv: "f16", replicas: 1, members: null } as const
  const counts = (...hosts: readonly FleetHost[]) =>
    hivesFor(model, new PreparedFleet(fleetOf(...hosts)), llamaCppRules, request)[0]!.members.map(
      ({ layers }) => layers.to - layers.from,
    )
  const four = ["a", "b", "c", "d"].map((name) => mac(name, 36))
  assert.deepEqual(counts(...four), [20, 20, 20, 20])
  // Of those that are faster each has as much as it holds; the others share what is left.
  const slow = ["e", "f"].map((name) => mac(name, 36, { chip: "Apple M4 Pro", bandwidthGbPerS: 273 }))
  assert.deepEqual(
    counts(...four.slice(0, 2), ...slow).sort((a, b) => a - b),
    [17, 17, 23, 23],
  )
})
