import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { layeredModel, mac } from "../../../test/support/hive-fleets.ts"
import { mlxRules } from "../engines/mlx.ts"
import type { FleetHost } from "../fleet/fleet.ts"
import type { ModelFacts } from "../model/model-facts.ts"
import { planModel } from "./plan-model.ts"
import { PreparedFleet } from "./prepared-fleet.ts"

const GIB = 1024 ** 3
const REQUEST = { contextTokens: 4096, slots: 1, kv: "f16", replicas: 1, members: null } as const

/** Of 120 GiB. */
function model(architecture: string, layers = 80, changes: Partial<ModelFacts> = {}): ModelFacts {
  return layeredModel(new Array<number>(layers).fill((120 * GIB) / layers), {
    format: "safetensors",
    architecture,
    ...changes,
  })
}

function plan(facts: ModelFacts, changes: Partial<FleetHost> = {}, members: number | null = null) {
  const hosts = ["a", "b"].map((name) => mac(name, 128, changes))
  return planModel(facts, new PreparedFleet({ hosts, links: [] }), mlxRules, { ...REQUEST, members })
}

const ONLY_RDMA = /^As one model over several Macs MLX takes "llama" only over RDMA/
const VERSION = /version of mlx-lm/
const CABLE = "RDMA: with a Thunderbolt 5 cable between a and b, and RDMA switched on at each, it fits"
const GGUF = "Another engine: as GGUF of the same size, with llama.cpp, it fits over 2 Macs"

describe("a model that MLX splits over RDMA only", () => {
  it("that does not fit on one Mac: that is said, and not the version of mlx-lm, with what would do", () => {
    for (const mlxLm of [null, "0.32.2"]) {
      const { replicas, advice, remedies } = plan(model("llama"), { mlxLm })
      assert.equal(replicas.length, 0)
      assert.match(advice[0]!, ONLY_RDMA)
      assert.ok(!advice.some((text) => VERSION.test(text)), advice.join("\n"))
      assert.deepEqual(remedies.slice(0, 2), [CABLE, GGUF])
    }
    const cabled = plan(model("llama"), { hasRdma: true, cables: ["a", "b"] })
    assert.equal(cabled.replicas[0]?.mode, "tensor")
  })

  it("and that fits on one: asked for over two, the same is said", () => {
    const small = layeredModel(new Array<number>(4).fill(GIB), { format: "safetensors" })
    const { replicas, advice, remedies } = plan(small, {}, 2)
    assert.equal(replicas.length, 0)
    assert.match(advice[0]!, ONLY_RDMA)
    assert.deepEqual(remedies.slice(0, 2), [CABLE, GGUF])
  })

  it("on Macs without Thunderbolt 5: no cable would do", () => {
    for (const [chip, isAble] of [
      ["Apple M2 Ultra", false],
      ["Apple M4", false],
      ["Apple M3 Max", false],
      [null, false],
      ["Apple M4 Pro", true],
      ["Apple M5 Max", true],
    ] as const)
      assert.equal(plan(model("llama"), { chip }).remedies.includes(CABLE), isAble, chip ?? "unknown")
  })

  it("and whose heads do not divide cannot be split", () => {
    const { advice, remedies } = plan(model("llama", 80, { heads: 5, kvHeads: 5 }))
    assert.match(advice[0]!, /^It cannot be split: of "llama" mlx-lm gives each Mac a part of every layer/)
    assert.ok(!remedies.includes(CABLE) && remedies.includes(GGUF))
  })
})

describe("a model that MLX splits into runs of layers", () => {
  it("is held up by the version only where a newer one would do", () => {
    const saysVersion = (facts: ModelFacts, mlxLm: string | null) =>
      plan(facts, { mlxLm }).advice.some((text) => VERSION.test(text))
    assert.equal(saysVersion(model("qwen2", 81), null), true)
    assert.equal(saysVersion(model("qwen2", 81), "0.31.0"), true)
    const tooLarge = layeredModel(new Array<number>(81).fill(4 * GIB), { format: "safetensors", architecture: "qwen2" })
    assert.equal(saysVersion(tooLarge, null), false)
    assert.equal(plan(model("qwen2", 80)).replicas[0]?.members.length, 2)
  })
})
