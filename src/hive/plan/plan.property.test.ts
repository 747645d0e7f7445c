import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { fleetOf, layeredModel, mac } from "../../../test/support/hive-fleets.ts"
import type { EngineRules } from "../engines/engine-rules.ts"
import { llamaCppRules } from "../engines/llama-cpp.ts"
import { mlxRules } from "../engines/mlx.ts"
import type { Fleet, FleetHost } from "../fleet/fleet.ts"
import { Ways } from "../fleet/way.ts"
import type { ModelFacts } from "../model/model-facts.ts"
import { FIRST_HOP_MS, hopMs } from "../speed/hop.ts"
import { hostSpeed } from "../speed/host-speed.ts"
import { type Candidate, isBetter } from "../split/candidate.ts"
import { needOf, runMs } from "../split/model-load.ts"
import { findHive } from "./find-hive.ts"
import { hivesFor } from "./hives-for.ts"
import type { PlanRequest } from "./model-plan.ts"
import { planModel } from "./plan-model.ts"
import { PreparedFleet } from "./prepared-fleet.ts"

const GIB = 1024 ** 3
const RUNS = 300
const REQUEST: PlanRequest = { contextTokens: 4096, slots: 1, kv: "f16", replicas: 1, members: null }

const chips = [
  { chip: "Apple M1", bandwidthGbPerS: 68 },
  { chip: "Apple M4 Pro", bandwidthGbPerS: 273 },
  { chip: "Apple M4 Max", bandwidthGbPerS: 546 },
  { chip: "Apple M3 Ultra", bandwidthGbPerS: 819 },
  { chip: null, bandwidthGbPerS: null },
]
const networks: readonly FleetHost["network"][] = [
  { kind: "ethernet", mbps: 10_000 },
  { kind: "ethernet", mbps: 1_000 },
  { kind: "wifi", mbps: null },
]

const hostArb = fc.record({
  gib: fc.constantFrom(8, 16, 24, 32, 36, 48, 64),
  chip: fc.constantFrom(...chips),
  network: fc.constantFrom(...networks),
  hasRdma: fc.boolean(),
  mlxLm: fc.constantFrom(null, "0.31.3", "0.32.2"),
})

const fleetArb = (most: number): fc.Arbitrary<Fleet> =>
  fc
    .tuple(
      fc.array(hostArb, { minLength: 1, maxLength: most }),
      fc.array(
        fc.tuple(
          fc.nat(most - 1),
          fc.nat(most - 1),
          fc.constantFrom("thunderbolt", "wifi", null),
          fc.integer({ min: 50, max: 40_000 }),
        ),
        { maxLength: 3 },
      ),
    )
    .map(([described, links]) => {
      const hosts = described.map(({ gib, chip, ...rest }, at) => mac(`mac-${at}`, gib, { ...chip, ...rest }))
      return {
        hosts,
        links: links
          .filter(([a, b]) => a !== b && a < hosts.length && b < hosts.length)
          .map(([a, b, kind, mbps]) => ({ between: [`mac-${a}`, `mac-${b}`] as const, kind, mbps, roundTripMs: null })),
      }
    })

const modelArb = (mostLayers: number): fc.Arbitrary<ModelFacts> =>
  fc
    .record({
      layers: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: mostLayers }),
      embedding: fc.integer({ min: 0, max: 4 }),
      output: fc.integer({ min: 0, max: 4 }),
      isTied: fc.boolean(),
      hasExperts: fc.boolean(),
      kept: fc.constantFrom(0, 8 * 128),
    })
    .map(({ layers, embedding, output, isTied, hasExperts, kept }) => {
      const model = layeredModel(layers.map((gib) => gib * GIB))
      const cache = [{ kind: "attention" as const, keyElements: kept, valueElements: kept, windowTokens: null }]
      return {
        ...model,
        layers: model.layers.map((layer) => ({ ...layer, cache })),
        embeddingBytes: embedding * GIB,
        outputBytes: isTied ? 0 : output * GIB,
        isTied,
        pooling: null,
        experts: hasExperts ? { count: 8, used: 2 } : null,
      }
    })

const kinds: readonly (readonly [string, EngineRules, Partial<ModelFacts>])[] = [
  ["llama.cpp", llamaCppRules, {}],
  ["mlx", mlxRules, { format: "safetensors", architecture: "qwen2" }],
]

for (const [name, rules, changes] of kinds) {
  describe(`plans of ${name}`, () => {
    const models = modelArb(8).map((model) => ({ ...model, ...changes }))

    it("give no host more than its budget, and each layer one place", () => {
      fc.assert(
        fc.property(models, fleetArb(6), fc.integer({ min: 1, max: 3 }), (model, fleet, replicas) => {
          const plan = planModel(model, new PreparedFleet(fleet), rules, { ...REQUEST, replicas })
          const used = new Set<string>()
          for (const hive of plan.replicas) {
            const seen = model.layers.map(() => 0)
            for (const member of hive.members) {
              assert.ok(member.needBytes <= member.host.budgetBytes + 1, `${member.host.name} over its budget`)
              const parts = member.weightBytes + member.cacheBytes + member.computeBytes + member.reserveBytes
              assert.ok(Math.abs(parts - member.needBytes) < 1)
              assert.ok(member.computeBytes >= 0 && member.layers.from < member.layers.to)
              assert.ok(!used.has(member.host.name), "a host twice")
              used.add(member.host.name)
              for (let at = member.layers.from; at < member.layers.to; at++) seen[at] = (seen[at] ?? 0) + 1
            }
            const times = hive.mode === "tensor" ? hive.members.length : 1
            assert.deepEqual(
              seen,
              model.layers.map(() => times),
            )
            assert.equal(hive.members.filter(({ isHead }) => isHead).length, 1)
            const sum = hive.members.reduce((total, { weightBytes }) => total + weightBytes, 0)
            assert.ok(sum >= model.layers.reduce((total, { bytes }) => total + bytes, 0) - 1, "weights are missing")
          }
        }),
        { numRuns: RUNS },
      )
    })

    it("get no worse with more memory", () => {
      fc.assert(
        fc.property(models, fleetArb(4), fc.nat(3), fc.integer({ min: 1, max: 64 }), (model, fleet, which, more) => {
          const grown = fleet.hosts.map((host, at) =>
            at === which % fleet.hosts.length ? { ...host, budgetBytes: host.budgetBytes + more * GIB } : host,
          )
          const before = best(rules, model, fleet)
          const after = best(rules, model, { ...fleet, hosts: grown })
          if (before === undefined) return
          assert.ok(after !== undefined && !isBetter(before, after), "more memory made it worse")
        }),
        { numRuns: RUNS },
      )
    })

    it("are planned on the hosts alone, whatever their order", () => {
      fc.assert(
        fc.property(models, fleetArb(4), (model, fleet) => {
          const one = best(rules, model, fleet)
          const other = best(rules, model, { ...fleet, hosts: [...fleet.hosts].reverse() })
          assert.equal(one === undefined, other === undefined)
          if (one !== undefined && other !== undefined) assert.ok(!isBetter(one, other) && !isBetter(other, one))
        }),
        { numRuns: RUNS },
      )
    })
  })
}

describe("plans of llama.cpp on small fleets", () => {
  it("are no worse than the best of all sets, orders, heads and divisions", () => {
    fc.assert(
      fc.property(modelArb(6), fleetArb(4), (model, fleet) => {
        const found = best(llamaCppRules, model, fleet)
        const exhaustive = bestOfAll(model, fleet)
        assert.equal(found === undefined, exhaustive === undefined)
        if (found !== undefined && exhaustive !== undefined)
          assert.ok(!isBetter(exhaustive, found), `${exhaustive.tokenMs} < ${found.tokenMs}`)
      }),
      { numRuns: RUNS },
    )
  })
})

describe("replicas", () => {
  it("are each on Macs of their own, and as many as there is room for", () => {
    const model = layeredModel(new Array<number>(10).fill(4 * GIB))
    const fleet = fleetOf(mac("a", 96), mac("b", 96), mac("c", 64), mac("d", 32))
    const hives = hivesFor(model, new PreparedFleet(fleet), llamaCppRules, { ...REQUEST, replicas: 4 })
    assert.deepEqual(
      hives.map(({ members }) => members.map(({ host }) => host.name).sort()),
      [["c"], ["a"], ["b"]],
    )
  })
})

function best(rules: EngineRules, model: ModelFacts, fleet: Fleet): Candidate | undefined {
  const ranking = new PreparedFleet(fleet).ranking(rules.engine, model.experts !== null)
  return findHive(rules, model, rules.load(model, REQUEST), ranking)
}

/** By trying everything, from the rules alone: an own, slow way to the same. */
function bestOfAll(model: ModelFacts, fleet: Fleet): Candidate | undefined {
  const load = llamaCppRules.load(model, REQUEST)
  const ways = new Ways(fleet)
  const speeds = fleet.hosts.map((host) => hostSpeed(host, "llama.cpp", model.experts !== null))
  let found: Candidate | undefined
  for (const members of sequences(fleet.hosts.length)) {
    for (const counts of divisions(model.layers.length, members.length)) {
      for (const head of members.keys()) {
        const headHost = fleet.hosts[members[head]!]!
        let [from, tokenMs, hopsMs, usesWifi, isFitting] = [0, 0, members.length > 1 ? FIRST_HOP_MS : 0, false, true]
        for (const [at, member] of members.entries()) {
          const host = fleet.hosts[member]!
          const to = from + counts[at]!
          isFitting &&= needOf(load, from, to, at === head) <= host.budgetBytes
          tokenMs += runMs(load, { budgetBytes: 0, ...speeds[member]! }, from, to)
          if (at !== head) {
            const way = ways.between(headHost, host)
            hopsMs += hopMs(way, model.hiddenSize)
            usesWifi ||= way.kind === "wifi"
          }
          from = to
        }
        const candidate: Candidate = {
          engine: "llama.cpp",
          mode: "pipeline",
          members,
          head,
          counts,
          tokenMs: tokenMs + hopsMs,
          hopsMs,
          usesWifi,
        }
        if (isFitting && isBetter(candidate, found)) found = candidate
      }
    }
  }
  return found
}

/** All choices of hosts in all orders. */
function sequences(count: number): number[][] {
  const longer = (sequence: number[]): number[][] => [
    ...(sequence.length > 0 ? [sequence] : []),
    ...Array.from({ length: count }, (_, at) => at)
      .filter((at) => !sequence.includes(at))
      .flatMap((at) => longer([...sequence, at])),
  ]
  return longer([])
}

/** All ways to write `total` as a sum of `parts` numbers from 1 on. */
function divisions(total: number, parts: number): number[][] {
  if (parts === 1) return total >= 1 ? [[total]] : []
  return Array.from({ length: Math.max(0, total - parts + 1) }, (_, at) => at + 1).flatMap((first) =>
    divisions(total - first, parts - 1).map((rest) => [first, ...rest]),
  )
}

describe("of Macs that are as fast", () => {
  it("the smaller ones are taken, alone and together", () => {
    const names = (model: ModelFacts, ...gib: number[]) => {
      const fleet = fleetOf(...gib.map((size) => mac(`m${size}`, size)))
      const [hive] = hivesFor(model, new PreparedFleet(fleet), llamaCppRules, REQUEST)
      return hive?.members.map(({ host }) => host.name).sort()
    }
    const model = layeredModel(new Array<number>(40).fill(3 * GIB))
    assert.deepEqual(names(model, 512, 256, 192), ["m192"])
    assert.deepEqual(names(model, 128, 96, 64, 48), ["m128", "m48"].toSorted())
  })
})
