import assert from "node:assert/strict"
import { test } from "node:test"
import { fleetOf, layeredModel, mac } from "../../../test/support/hive-fleets.ts"
import { llamaCppRules } from "../engines/llama-cpp.ts"
import type { FleetHost } from "../fleet/fleet.ts"
import { planModel } from "./plan-model.ts"
import { PreparedFleet } from "./prepared-fleet.ts"

const GIB = 1024 ** 3
const REQUEST = { contextTokens: 4096, slots: 1, kv: "f16", replicas: 1, members: null } as const
const MODEL = layeredModel(Array.from({ length: 40 }, () => GIB))

function adviceOn(...hosts: readonly FleetHost[]): string {
  const { replicas, advice } = planModel(MODEL, new PreparedFleet(fleetOf(...hosts)), llamaCppRules, REQUEST)
  assert.equal(replicas[0]?.members.length, 1)
  return advice.join("\n")
}

const slow = (changes: Partial<FleetHost> = {}) =>
  mac("slow", 128, { chip: "Apple M4", bandwidthGbPerS: 120, ...changes })
const fast = (name: string, changes: Partial<FleetHost> = {}) => mac(name, 36, changes)

test("fast Macs that together beat a slow one which holds the model are named, with both speeds and how to have it so", () => {
  const [, own, how] =
    /^2 Macs are faster: (.+) tokens\/s, slow alone [\d.]+ to [\d.]+ tokens\/s \((.+)\)$/m.exec(
      adviceOn(slow(), fast("a"), fast("b")),
    ) ?? []
  assert.match(own ?? "", /^[ab] and [ab] [\d.]+ to [\d.]+$/)
  assert.match(how ?? "", /^model serve --pin [ab] --pin [ab]$/)
  // Pinned to these the larger one would have it alone.
  const larger = slow({ name: "larger", bandwidthGbPerS: 300 })
  assert.match(adviceOn(larger, fast("a", { budgetBytes: 39 * GIB })), /^2 Macs are faster: .* \(--macs 2\)$/m)
})

test("not where they are hardly faster, or over Wi-Fi only, or where nobody knows", () => {
  const wifi = { network: { kind: "wifi", mbps: null } } as const
  for (const hosts of [
    [slow({ bandwidthGbPerS: 660 }), fast("a"), fast("b")],
    [slow(), fast("a", wifi), fast("b", wifi)],
    [slow(), fast("a", { bandwidthGbPerS: null, chip: null }), fast("b", { bandwidthGbPerS: null, chip: null })],
  ])
    assert.doesNotMatch(adviceOn(...hosts), /Macs are faster/)
})
