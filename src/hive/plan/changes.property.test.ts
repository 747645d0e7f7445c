import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { fleetOf, layeredModel, mac } from "../../../test/support/hive-fleets.ts"
import type { EngineRules } from "../engines/engine-rules.ts"
import { llamaCppRules } from "../engines/llama-cpp.ts"
import { mlxRules } from "../engines/mlx.ts"
import type { Fleet, FleetHost } from "../fleet/fleet.ts"
import type { LayerCache, ModelFacts } from "../model/model-facts.ts"
import { hivesFor } from "./hives-for.ts"
import type { HivePlan, PlanRequest } from "./model-plan.ts"
import { planModel } from "./plan-model.ts"
import { PreparedFleet } from "./prepared-fleet.ts"

const GIB = 1024 ** 3
const RUNS = 150

const hostArb = fc.record({
  gib: fc.constantFrom(16, 24, 32, 48, 64, 96, 128),
  chip: fc.constantFrom("Apple M1", "Apple M4 Pro", "Apple M3 Ultra"),
  network: fc.constantFrom<FleetHost["network"]>({ kind: "ethernet", mbps: 1_000 }, { kind: "wifi", mbps: null }),
  mlxLm: fc.constantFrom(null, "0.32.2"),
})
const SPEEDS: Readonly<Record<string, number>> = { "Apple M1": 68, "Apple M4 Pro": 273, "Apple M3 Ultra": 819 }

const fleetArb = fc
  .array(hostArb, { minLength: 1, maxLength: 4 })
  .map((described) =>
    fleetOf(
      ...described.map(({ gib, chip, ...rest }, at) =>
        mac(`mac-${at}`, gib, { chip, bandwidthGbPerS: SPEEDS[chip] ?? null, ...rest }),
      ),
    ),
  )

const caches: readonly LayerCache[] = [
  { kind: "attention", keyElements: 1024, valueElements: 1024, windowTokens: null },
  { kind: "attention", keyElements: 1024, valueElements: 1024, windowTokens: 4096 },
  { kind: "latent", elements: 576 },
  { kind: "recurrent", elements: 1e6 },
]

const modelArb = fc
  .record({
    layers: fc.constantFrom(8, 31, 48, 61),
    gigabytes: fc.constantFrom(8, 30, 50, 70, 110, 160),
    kinds: fc.array(fc.constantFrom(...caches), { minLength: 1, maxLength: 4 }),
    isTied: fc.boolean(),
    seesImages: fc.boolean(),
  })
  .map(({ layers, gigabytes, kinds, isTied, seesImages }): ModelFacts => {
    const model = layeredModel(new Array<number>(layers).fill((gigabytes * 1e9) / layers))
    const projector = { file: "mmproj.gguf", bytes: GIB, computeBytes: GIB / 2, seesImages: true }
    return {
      ...model,
      layers: model.layers.map((layer, at) => ({ ...layer, cache: [kinds[at % kinds.length] as LayerCache] })),
      embeddingBytes: 1e9,
      outputBytes: isTied ? 0 : 1e9,
      isTied,
      pooling: null,
      projector: seesImages ? projector : null,
    }
  })

const requestArb: fc.Arbitrary<PlanRequest> = fc.record({
  contextTokens: fc.constantFrom(1024, 32_768, 131_072),
  slots: fc.constantFrom(1, 4),
  kv: fc.constant("f16"),
  replicas: fc.constant(1),
  members: fc.constant(null),
})

const kinds: readonly (readonly [string, EngineRules, (model: ModelFacts) => ModelFacts])[] = [
  ["llama.cpp", llamaCppRules, (model) => model],
  ["mlx", mlxRules, (model) => ({ ...model, format: "safetensors", architecture: "deepseek_v3", projector: null })],
]

const UNKNOWN_SPEED = { chip: null, bandwidthGbPerS: null, tflops: null }

function best(rules: EngineRules, model: ModelFacts, fleet: Fleet, request: PlanRequest): HivePlan | undefined {
  return hivesFor(model, new PreparedFleet(fleet), rules, request)[0]
}

/** Whether `a` is what somebody would rather have: any at all, not over Wi-Fi, fewer Macs, a sooner token. */
function isRather(a: HivePlan | undefined, b: HivePlan | undefined): boolean {
  if (a === undefined || b === undefined) return a !== undefined
  if (a.usesWifi !== b.usesWifi) return b.usesWifi
  if (a.members.length !== b.members.length) return a.members.length < b.members.length
  return a.tokenMs < b.tokenMs * (1 - 1e-6)
}

function scaled(model: ModelFacts, by: number): ModelFacts {
  const layers = model.layers.map((layer) => ({
    ...layer,
    bytes: layer.bytes * by,
    activeBytes: layer.activeBytes * by,
  }))
  return { ...model, layers }
}

for (const [name, rules, as] of kinds) {
  describe(`plans of ${name}`, () => {
    const models = modelArb.map(as)

    it("get no worse with another Mac, fewer bytes, less context, fewer slots", () => {
      fc.assert(
        fc.property(models, fleetArb, hostArb, requestArb, (model, fleet, { gib, chip, ...rest }, request) => {
          const before = best(rules, model, fleet, request)
          const another = mac("another", gib, { chip, bandwidthGbPerS: SPEEDS[chip] ?? null, ...rest })
          const changes: Readonly<Record<string, HivePlan | undefined>> = {
            "another Mac": best(rules, model, { ...fleet, hosts: [...fleet.hosts, another] }, request),
            "fewer bytes": best(rules, scaled(model, 0.8), fleet, request),
            "less context": best(rules, model, fleet, { ...request, contextTokens: request.contextTokens / 2 }),
            "one slot": best(rules, model, fleet, { ...request, slots: 1 }),
            "without images": best(rules, { ...model, projector: null }, fleet, request),
          }
          for (const [what, after] of Object.entries(changes))
            assert.ok(!isRather(before, after), `${what} made it worse`)
        }),
        { numRuns: RUNS },
      )
    })

    it("name remedies that help, and one Mac wherever one holds the model", () => {
      fc.assert(
        fc.property(models, fleetArb, requestArb, (model, fleet, request) => {
          const plan = planModel(model, new PreparedFleet(fleet), rules, request)
          const [hive] = plan.replicas
          if (plan.wholeOn.length > 0) assert.equal(hive?.members.length, 1)
          for (const text of plan.remedies) {
            const [, option = "", value = ""] = /--(context|slots|kv) (\w+)/.exec(text) ?? []
            const [, gib] = /one more of (\d+) GB/.exec(text) ?? []
            const asked: Readonly<Record<string, PlanRequest>> = {
              context: { ...request, contextTokens: Number.parseInt(value, 10) * 1024 },
              slots: { ...request, slots: Number(value) },
              kv: { ...request, kv: "q8_0" },
            }
            const added =
              gib === undefined
                ? []
                : // Of unknown speed, as it is meant: with another one other sets of Macs are looked at, and not all of them are.
                  [mac("\uffffanother", Number(gib), { network: { kind: "ethernet", mbps: 1000 }, ...UNKNOWN_SPEED })]
            if (asked[option] === undefined && gib === undefined) continue
            const helped = best(rules, model, { ...fleet, hosts: [...fleet.hosts, ...added] }, asked[option] ?? request)
            assert.ok(helped !== undefined && (hive === undefined || helped.members.length === 1), text)
          }
          const saysWifi = plan.advice.some((one) => /^This split goes over Wi-Fi|^Wi-Fi makes this split/.test(one))
          assert.equal(saysWifi, hive?.usesWifi === true)
        }),
        { numRuns: RUNS },
      )
    })
  })
}

describe("what sees images", () => {
  it("lies on the head alone, with what it computes", () => {
    const model = { ...layeredModel(new Array<number>(40).fill(2 * GIB)), embeddingBytes: GIB }
    const projector = { file: "mmproj.gguf", bytes: 2 * GIB, computeBytes: GIB, seesImages: true }
    const fleet = fleetOf(mac("a", 96), mac("b", 96))
    const request = { contextTokens: 4096, slots: 1, kv: "f16", replicas: 1, members: null } as const
    const sums = [model, { ...model, projector }].map((one) => {
      const members = best(llamaCppRules, one, fleet, request)?.members ?? []
      assert.equal(members.length, 2)
      const sum = (part: "needBytes" | "weightBytes" | "computeBytes") => members.reduce((all, at) => all + at[part], 0)
      const others = members.filter(({ isHead }) => !isHead)
      return { need: sum("needBytes"), weights: sum("weightBytes"), compute: sum("computeBytes"), others }
    })
    const [without, sees] = sums
    assert.equal(sees!.need - without!.need, 3 * GIB)
    assert.equal(sees!.weights - without!.weights, 2 * GIB)
    assert.equal(sees!.compute - without!.compute, GIB)
    for (const { weightBytes, layers } of sees!.others) assert.equal(weightBytes, (layers.to - layers.from) * 2 * GIB)
  })
})
