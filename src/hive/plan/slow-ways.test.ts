import assert from "node:assert/strict"
import { it } from "node:test"
import fc from "fast-check"
import { layeredModel, mac } from "../../../test/support/hive-fleets.ts"
import { llamaCppRules } from "../engines/llama-cpp.ts"
import { mbpsText, oneRate, tokensText } from "./advice.ts"
import { planModel } from "./plan-model.ts"
import { PreparedFleet } from "./prepared-fleet.ts"

const GIB = 1024 ** 3
const REQUEST = { contextTokens: 4096, slots: 1, kv: "f16", replicas: 1, members: null } as const

function adviceOver(mbps: number | null, roundTripMs: number | null) {
  const hosts = [mac("a", 96), mac("b", 96)]
  const links = [{ between: ["a", "b"] as const, kind: null, mbps, roundTripMs }]
  const model = layeredModel(new Array<number>(60).fill(2 * GIB))
  return planModel(model, new PreparedFleet({ hosts, links }), llamaCppRules, REQUEST).advice.join("\n")
}

it("a way that takes most of a token's time is told, by what is known of it", () => {
  assert.match(
    adviceOver(0.001, null),
    /The way between a and b makes this split pointless \(0\.001 Mbit\/s\): it takes \d{5,} ms of each token, 100 % /,
  )
  assert.match(adviceOver(1000, 900), /pointless \(1000 Mbit\/s, 900 ms there and back\): it takes 90\d ms/)
  for (const [mbps, roundTripMs] of [
    [null, null],
    [100, 0.5],
    [1000, 5],
  ] as const)
    assert.doesNotMatch(adviceOver(mbps, roundTripMs), /The way between/)
})

it("no rate and no speed of a way is told as nothing", () => {
  assert.deepEqual([18.4, 1.84, 0.118, 0.0184, 0.001, 0.0004].map(oneRate), [
    "18",
    "1.8",
    "0.1",
    "0.02",
    "0.001",
    "under 0.001",
  ])
  assert.equal(tokensText({ low: 1e-6, expected: 2e-6, high: 3e-6 }), "under 0.001")
  assert.equal(tokensText({ low: 18.2, expected: 24, high: 30.4 }), "18 to 30")
  const above = fc.double({ min: 1e-9, max: 1e6, noNaN: true })
  fc.assert(fc.property(above, (one) => ![oneRate(one), mbpsText(one)].some((text) => Number(text) === 0)))
})
