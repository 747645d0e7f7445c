import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { HeaderSource, type MetaValue } from "../../../test/support/gguf-file.ts"
import {
  type DenseSizes,
  denseModel,
  headerOf,
  LLAMA_3_70B,
  type ModelHeader,
  smallModel,
  withExperts,
} from "../../../test/support/hive-models.ts"
import { cacheBytes, type Serving } from "../fit/cache-bytes.ts"
import { type ModelFacts, weightBytes } from "../model/model-facts.ts"
import { ggufModel } from "./gguf-model.ts"
import { readGguf } from "./read-gguf.ts"

const SLOT: Serving = { contextTokens: 32_768, slots: 1, kv: "f16" }

async function factsOf(model: ModelHeader): Promise<ModelFacts> {
  const { signal } = new AbortController()
  return ggufModel("model", [await readGguf(new HeaderSource("model.gguf", headerOf(model).header), signal)])
}

function cacheOf(facts: ModelFacts, serving = SLOT): number {
  return facts.layers.reduce((sum, layer) => sum + cacheBytes(layer, serving), 0)
}

function changed(model: ModelHeader, keys: Record<string, MetaValue>): ModelHeader {
  const arch = model.metadata["general.architecture"] as string
  const full = Object.fromEntries(Object.entries(keys).map(([key, value]) => [`${arch}.${key}`, value]))
  return { ...model, metadata: { ...model.metadata, ...full } }
}

/** 61 layers with a compressed cache of 512 + 64. */
const DEEPSEEK: DenseSizes = {
  ...LLAMA_3_70B,
  architecture: "deepseek2",
  layers: 61,
  hidden: 7168,
  heads: 128,
  kvHeads: 1,
  headSize: 576,
}

describe("what a model keeps of a conversation", () => {
  it("Llama-3.3-70B: 328 kB a token, 10.7 GB of 32k, 42.9 GB of 128k", async () => {
    const facts = await factsOf(denseModel(LLAMA_3_70B))
    assert.equal(cacheOf(facts, { ...SLOT, contextTokens: 1 }), 327_680)
    assert.equal(Math.round(cacheOf(facts) / 1e8), 107)
    assert.equal(Math.round(cacheOf(facts, { ...SLOT, contextTokens: 131_072 }) / 1e8), 429)
    assert.equal(cacheOf(facts, { ...SLOT, slots: 4 }), 4 * cacheOf(facts))
    assert.equal(cacheOf(facts, { ...SLOT, kv: "q8_0" }), cacheOf(facts) * (34 / 64))
  })

  it("Qwen3-235B: 193 kB a token; DeepSeek-V3, for each layer: 70 kB", async () => {
    const qwen = await factsOf(
      denseModel({ ...LLAMA_3_70B, architecture: "qwen3moe", layers: 94, hidden: 4096, kvHeads: 4 }),
    )
    assert.equal(Math.round(cacheOf(qwen, { ...SLOT, contextTokens: 1 }) / 1e3), 193)
    const deepseek = changed(denseModel(DEEPSEEK), {
      "attention.kv_lora_rank": 512,
      "rope.dimension_count": 64,
      "attention.key_length_mla": 192,
    })
    assert.equal(cacheOf(await factsOf(deepseek), { ...SLOT, contextTokens: 1 }), 61 * 576 * 2)
  })

  it("without the tensors that a compressed cache needs, all of it, and that is said", async () => {
    const old = changed(denseModel({ ...DEEPSEEK, kvHeads: 128, headSize: 192 }), { "attention.kv_lora_rank": 512 })
    const tensors = old.tensors.map((tensor) => ({ ...tensor, name: tensor.name.replace("attn_k.", "attn_kv_b.") }))
    const facts = await factsOf({ ...old, tensors })
    assert.ok(cacheOf(facts) > 20 * 61 * 576 * 2 * SLOT.contextTokens)
    assert.match(facts.notes.join(), /MLA/)
  })

  it("a window's tokens in the layers that have one", async () => {
    const one = 2 * 128 * 2
    const of = async (keys: Record<string, MetaValue>, architecture = "gemma3") =>
      (
        await factsOf(changed(smallModel(12, { architecture }), { "attention.sliding_window": 1024, ...keys }))
      ).layers.map((layer) => cacheBytes(layer, SLOT) / one)
    const [all, some] = [SLOT.contextTokens, 1024]
    assert.deepEqual(await of({}), [some, some, some, some, some, all, some, some, some, some, some, all])
    const list = Array.from({ length: 12 }, (_, at) => at < 3)
    assert.deepEqual(
      await of({ "attention.sliding_window_pattern": list }),
      list.map((isSome) => (isSome ? some : all)),
    )
    assert.deepEqual(
      await of({}, "gpt-oss"),
      Array.from({ length: 12 }, (_, at) => (at % 2 === 0 ? some : all)),
    )
    assert.ok((await of({}, "llama")).every((tokens) => tokens === all))
  })

  it("a state that no context changes, in recurrent layers", async () => {
    const hybrid = changed(smallModel(4, { architecture: "qwen3next" }), {
      "ssm.conv_kernel": 4,
      "ssm.inner_size": 4096,
      "ssm.state_size": 128,
      "ssm.group_count": 16,
      "attention.head_count_kv": [0, 0, 0, 2],
    })
    const tensors = hybrid.tensors.map((tensor) =>
      /^blk\.[0-2]\.attn_k/.test(tensor.name) ? { ...tensor, name: tensor.name.replace("attn_k", "ssm_in") } : tensor,
    )
    const facts = await factsOf({ ...hybrid, tensors })
    const state = (3 * (4096 + 2 * 16 * 128) + 128 * 4096) * 4
    assert.deepEqual(
      facts.layers.map((layer) => cacheBytes(layer, SLOT)),
      [state, state, state, 2 * 128 * 2 * SLOT.contextTokens],
    )
    assert.equal(cacheBytes(facts.layers[0]!, { ...SLOT, contextTokens: 1 }), state)
  })
})

describe("what a model weighs", () => {
  it("all its tensors, each once", async () => {
    const model = denseModel(LLAMA_3_70B)
    const facts = await factsOf(model)
    assert.equal(facts.layers.length, 80)
    assert.ok(Math.abs(weightBytes(facts) - headerOf(model).dataBytes) < 32 * model.tensors.length)
    assert.equal(facts.embeddingBytes, (128256 * 8192 * 144) / 256)
    assert.equal(Math.round(facts.parameters / 1e8), 706)
    assert.equal(facts.quantisation, "Q4_K_M")
  })

  it("of experts, those that a token uses are read", async () => {
    const facts = await factsOf(withExperts(smallModel(2), 64, 8, 256))
    const expert = 3 * 256 * 256 * (144 / 256)
    const [layer] = facts.layers
    assert.equal(layer!.bytes - layer!.activeBytes, 56 * expert)
    assert.deepEqual(facts.experts, { count: 64, used: 8 })
  })

  it("layers that predict further tokens are loaded, and keep and read nothing", async () => {
    const facts = await factsOf(changed(smallModel(6), { nextn_predict_layers: 1 }))
    assert.ok(facts.layers[5]!.bytes > 0)
    assert.deepEqual([facts.layers[5]!.activeBytes, facts.layers[5]!.cache.length], [0, 0])
    assert.ok(facts.layers[4]!.cache.length > 0)
  })
})
