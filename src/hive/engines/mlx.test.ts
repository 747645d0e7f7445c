import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { layeredModel, mac } from "../../../test/support/hive-fleets.ts"
import type { FleetHost } from "../fleet/fleet.ts"
import type { ModelFacts } from "../model/model-facts.ts"
import { hivesFor } from "../plan/hives-for.ts"
import { PreparedFleet } from "../plan/prepared-fleet.ts"
import { evenCounts, mlxRules } from "./mlx.ts"
import { dropsLayers, MLX_PIPELINE, MLX_TENSOR, runsInMlx } from "./mlx-models.ts"

const GIB = 1024 ** 3
const REQUEST = { contextTokens: 4096, slots: 1, kv: "f16", replicas: 1, members: null } as const

function model(layers: number, architecture = "qwen2", changes: Partial<ModelFacts> = {}): ModelFacts {
  return layeredModel(new Array<number>(layers).fill(2 * GIB), { format: "safetensors", architecture, ...changes })
}

function planned(facts: ModelFacts, ...hosts: readonly FleetHost[]) {
  return hivesFor(facts, new PreparedFleet({ hosts, links: [] }), mlxRules, REQUEST)[0]
}

describe("a pipeline of MLX", () => {
  it("gives the low ranks, which have the last layers, what is over", () => {
    assert.deepEqual(evenCounts(61, 2), [30, 31])
    assert.deepEqual(evenCounts(62, 4), [15, 15, 16, 16])
  })

  it("is planned unevenly only where all versions are known to keep all layers", () => {
    const hosts = (version: string | null) => ["a", "b"].map((name) => mac(name, 96, { mlxLm: version }))
    assert.equal(planned(model(61), ...hosts(null)), undefined)
    assert.equal(planned(model(61), ...hosts("0.31.3")), undefined)
    assert.deepEqual(
      planned(model(61), ...hosts("0.32.2"))?.members.map(({ layers }) => layers),
      [
        { from: 0, to: 30 },
        { from: 30, to: 61 },
      ],
    )
    assert.equal(planned(model(60), ...hosts(null))?.members.length, 2)
  })

  it("has embeddings and output on every rank", () => {
    const facts = model(60, "qwen2", { embeddingBytes: GIB, outputBytes: GIB })
    const hive = planned(facts, mac("a", 128), mac("b", 128))
    assert.ok(hive?.members.every(({ hasEmbeddings, hasOutput }) => hasEmbeddings && hasOutput))
    assert.equal(
      hive?.members.reduce((sum, { weightBytes }) => sum + weightBytes, 0),
      (120 + 4) * GIB,
    )
    assert.equal(hive?.tensorSplit, null)
  })
})

describe("parts of layers", () => {
  const pair = (changes: Partial<FleetHost>) => [
    mac("a", 128, { cables: ["b"], ...changes }),
    mac("b", 128, { cables: ["a"], ...changes }),
  ]

  it("are planned over RDMA only", () => {
    const facts = model(60, "llama")
    assert.equal(planned(facts, ...pair({ hasRdma: true }))?.mode, "tensor")
    assert.equal(planned(facts, ...pair({ hasRdma: false })), undefined)
    assert.equal(planned(facts, ...pair({ hasRdma: true, cables: [] })), undefined)
  })

  it("need heads and feed-forward that can be divided", () => {
    const hosts = pair({ hasRdma: true })
    assert.equal(planned(model(60, "llama", { kvHeads: 1 }), ...hosts), undefined)
    assert.equal(planned(model(60, "llama", { feedForwardSize: 4097 }), ...hosts), undefined)
  })

  it("give each half of the weights, and of a compressed cache all", () => {
    const cache = [{ kind: "latent" as const, elements: 1024 }]
    const facts = model(60, "deepseek_v3", {})
    const latent = { ...facts, layers: facts.layers.map((layer) => ({ ...layer, cache })) }
    const hive = planned(latent, ...pair({ hasRdma: true }))
    assert.equal(hive?.mode, "tensor")
    for (const member of hive?.members ?? []) {
      assert.equal(member.weightBytes, 60 * GIB)
      assert.equal(member.cacheBytes, 60 * 1024 * 2 * 4096)
    }
  })
})

it("what can be divided can be run, and old versions drop layers", () => {
  for (const type of [...MLX_PIPELINE, ...MLX_TENSOR]) assert.ok(runsInMlx(type), type)
  assert.ok(runsInMlx("kimi_k2") && !runsInMlx("unheard_of"))
  const versions = [null, "what", "0.9.9", "0.31.9", "0.32.1", "0.32.2", "0.33.0", "1.0.0"]
  assert.deepEqual(versions.map(dropsLayers), [true, true, true, true, true, false, false, false])
})
