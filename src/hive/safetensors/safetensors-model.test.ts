import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { FilesInMemory, safetensorsHeader, smallQwen2 } from "../../../test/support/safetensors-files.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { cacheBytes } from "../fit/cache-bytes.ts"
import { activeBytes, weightBytes } from "../model/model-facts.ts"
import { readModel } from "../model/read-model.ts"
import { configCaches } from "./config-cache.ts"
import { ModelConfig } from "./model-config.ts"

const { signal } = new AbortController()
const INDEX = "model.safetensors.index.json"

function stored(tensors: Parameters<typeof safetensorsHeader>[0]) {
  const { header, dataBytes } = safetensorsHeader(tensors)
  return { bytes: header, sizeBytes: header.length + dataBytes, dataBytes }
}

const read = (files: ConstructorParameters<typeof FilesInMemory>[0]) =>
  readModel(new FilesInMemory(files), null, signal)

const refuses = (code: string, reason: RegExp) => (error: unknown) => {
  assert.ok(error instanceof WindfallError && error.code === code, String(error))
  assert.match(error.message, reason)
  return true
}

describe("a model of safetensors", () => {
  for (const isQuantised of [false, true])
    it(`is read from one file's header${isQuantised ? ", quantised" : ""}`, async () => {
      const { config, tensors } = smallQwen2(4, isQuantised)
      const file = stored(tensors)
      const model = await read({ "config.json": config, "model.safetensors": file })
      assert.equal(weightBytes(model), file.dataBytes)
      assert.deepEqual([model.layers.length, model.architecture, model.isTied], [4, "qwen2", false])
      assert.equal(model.quantisation, isQuantised ? "4 bit" : "bfloat16")
      const matrices = 4 * (2 * 256 * 256 + 2 * 128 * 256 + 3 * 512 * 256) + 2 * 1024 * 256
      assert.equal(model.parameters, matrices + (4 + 1) * 256)
      assert.equal(cacheBytes(model.layers[0]!, { contextTokens: 100, slots: 3, kv: "f16" }), 2 * 128 * 2 * 100 * 3)
    })

  it("of mixed bits has as many parameters as with one number of them", async () => {
    const { config, tensors } = smallQwen2(2, true)
    const plain = await read({ "config.json": config, "model.safetensors": stored(tensors) })
    const eight = "model.layers.1.mlp.down_proj"
    const [out = 0, words = 0] = tensors[`${eight}.weight`]?.shape ?? []
    const mixed = { ...tensors, [`${eight}.weight`]: { dtype: "U32", shape: [out, words * 2] } }
    const quantization = { group_size: 64, bits: 4, [eight]: { group_size: 64, bits: 8 }, lm_head: false }
    const whole = { "lm_head.weight": { dtype: "BF16", shape: [1024, 256] } }
    const all = Object.entries({ ...mixed, ...whole })
    const rest = Object.fromEntries(all.filter(([name]) => !/^lm_head\.(?:scales|biases)$/.test(name)))
    const model = await read({ "config.json": { ...config, quantization }, "model.safetensors": stored(rest) })
    assert.equal(model.parameters, plain.parameters)
    assert.ok(model.layers[1]!.bytes > model.layers[0]!.bytes)
  })

  it("is read from all files of an index, which must be there", async () => {
    const { config, tensors } = smallQwen2(4, false)
    const names = Object.keys(tensors)
    const half = (from: number, to: number) => stored(Object.fromEntries(Object.entries(tensors).slice(from, to)))
    const map = Object.fromEntries(
      names.map((name, at) => [name, at < 9 ? "model-1.safetensors" : "model-2.safetensors"]),
    )
    const files = {
      "config.json": config,
      [INDEX]: { metadata: {}, weight_map: map },
      "model-1.safetensors": half(0, 9),
      "model-2.safetensors": half(9, names.length),
    }
    assert.equal(weightBytes(await read(files)), stored(tensors).dataBytes)
    const more = { ...files, [INDEX]: { metadata: {}, weight_map: { ...map, "model.ghost": "model-1.safetensors" } } }
    await assert.rejects(
      read(more),
      refuses("invalid_input", /index\.json: it names the tensor "model\.ghost", which is in none of its files/),
    )
    const { "model-2.safetensors": _, ...rest } = files
    await assert.rejects(read(rest), refuses("file_not_found", /model-2\.safetensors is missing/))
  })

  it("is reckoned from config.json and the index where no file is there", async () => {
    const { config, tensors } = smallQwen2(4, false)
    const { dataBytes } = stored(tensors)
    const index = {
      metadata: { total_size: dataBytes },
      weight_map: { "model.embed_tokens.weight": "model-1.safetensors" },
    }
    const model = await read({ "config.json": config, [INDEX]: index })
    assert.ok(Math.abs(weightBytes(model) - dataBytes) < 10)
    const whole = await read({ "config.json": config, "model.safetensors": stored(tensors) })
    // Norms are not reckoned: the rest is exact.
    assert.ok(Math.abs(model.layers[0]!.bytes / whole.layers[0]!.bytes - 1) < 0.01)
    assert.match(model.notes.join(), /model-1\.safetensors is not whole \(it is missing.*be planned.*reckoned/)
    assert.equal(whole.lack, null)
    const alone = { bytes: stored(tensors).bytes, sizeBytes: stored(tensors).bytes.length }
    const header = await read({ "config.json": config, "model.safetensors": alone })
    assert.equal(weightBytes(header), dataBytes)
    assert.match(header.notes.join(), /model\.safetensors is not whole \(the file ends at byte \d+, its header names/)
  })

  it("that is cut, broken or lacks something is refused", async () => {
    const { config, tensors } = smallQwen2(2, false)
    const good = stored(tensors)
    const cutTo = (sizeBytes: number) => ({
      "config.json": config,
      "model.safetensors": { bytes: good.bytes, sizeBytes },
    })
    await assert.rejects(read(cutTo(4)), refuses("invalid_input", /fewer than 8 bytes/))
    await assert.rejects(read(cutTo(good.bytes.length - 1)), refuses("invalid_input", /within its header/))
    await assert.rejects(
      read(cutTo(good.bytes.length + 100)),
      refuses("invalid_input", /the file ends at byte \d+, its header names tensors up to byte \d+/),
    )
    await assert.rejects(read({ "config.json": config }), refuses("invalid_input", /neither/))
    await assert.rejects(read({ "a.txt": {} }), refuses("invalid_input", /neither a GGUF file nor config\.json/))
    await assert.rejects(
      read({ "config.json": { ...config, num_hidden_layers: 3 }, "model.safetensors": good }),
      refuses("invalid_input", /layer 2/),
    )
    await assert.rejects(
      read({ "config.json": { ...config, num_hidden_layers: "many" }, "model.safetensors": good }),
      refuses("invalid_input", /no count/),
    )
    await assert.rejects(
      read({ "config.json": { a: 1 }, "model.safetensors": good }),
      refuses("invalid_input", /num_hidden_layers/),
    )
    const text = { bytes: Buffer.from("{"), sizeBytes: 1 }
    await assert.rejects(read({ "config.json": text, "model.safetensors": good }), refuses("invalid_input", /no JSON/))
  })
})

/** A file whose header says of one tensor something else. */
function changedAt(tensor: string, change: object) {
  const { tensors } = smallQwen2(2, false)
  const { bytes, dataBytes } = stored(tensors)
  const header = JSON.parse(bytes.subarray(8).toString()) as Record<string, object>
  const json = Buffer.from(JSON.stringify({ ...header, [tensor]: { ...header[tensor], ...change } }))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  return { bytes: Buffer.concat([length, json]), sizeBytes: 8 + json.length + dataBytes }
}

it("tensors in the bytes of others, of another length than their numbers have, and of no type are refused", async () => {
  const { config } = smallQwen2(2, false)
  const norm = "model.norm.weight"
  const one = (change: object) => read({ "config.json": config, "model.safetensors": changedAt(norm, change) })
  await one({})
  for (const [change, reason] of [
    [{ data_offsets: [0, 512] }, /tensors model\.\S+ and model\.\S+ lie in the same bytes/],
    [{ shape: [255] }, /at tensor model\.norm\.weight: it has 255 numbers of 16 bits in 512 bytes/],
    [{ shape: [2 ** 52, 2 ** 52] }, /at tensor model\.norm\.weight: it has \S+ numbers of 16 bits in 512 bytes/],
    [{ dtype: "F32" }, /256 numbers of 32 bits in 512 bytes/],
    [{ dtype: "F9999" }, /it is of type "F9999", and there is none/],
    [{ dtype: "__proto__" }, /it is of type "__proto__", and there is none/],
  ] as const)
    await assert.rejects(one(change), refuses("invalid_input", reason))
  for (const dtype of ["F16", "BF16", "I16", "U16"]) await one({ dtype })
  for (const dtype of ["BOOL", "F8_E4M3", "F8_E5M2FNUZ", "U8"]) await one({ dtype, shape: [512] })
  await one({ dtype: "F4", shape: [1_024] })
})

it("a configuration with numbers that no model has is refused", async () => {
  const { config, tensors } = smallQwen2(2, false)
  for (const [change, reason] of [
    [{ num_attention_heads: 0 }, /num_attention_heads is 0/],
    [{ num_key_value_heads: 0 }, /num_key_value_heads is 0/],
    [{ quantization: { bits: 0, group_size: 64 } }, /quantization has 0 bits/],
    [{ quantization: { bits: 1e9 } }, /quantization has 1000000000 bits/],
    [{ num_experts: 1e9, num_experts_per_tok: 2 }, /it tells of 1000000000 experts/],
    [{ max_position_embeddings: 0 }, /max_position_embeddings is 0/],
    [{ layer_types: ["full_attention"] }, /layer_types has 1 values for 2 layers/],
    [{ layer_types: new Array(3).fill("full_attention") }, /layer_types has 3 values for 2 layers/],
    [{ layer_types: ["full_attention", 5] }, /layer_types names 5, which is no kind of layer/],
    [{ layer_types: "x" }, /layer_types is "x", and no list of the kinds of its layers/],
    [{ layers_block_type: ["mamba"] }, /layers_block_type has 1 values for 2 layers/],
    [{ hybrid_override_pattern: "M-*" }, /hybrid_override_pattern has 3 values for 2 layers/],
  ] as const)
    await assert.rejects(
      read({ "config.json": { ...config, ...change }, "model.safetensors": stored(tensors) }),
      refuses("invalid_input", reason),
    )
})

it("kinds of layers for those that predict further tokens are passed over, and one that is not known is told", async () => {
  const { config, tensors } = smallQwen2(2, false)
  const model = (change: object) =>
    read({ "config.json": { ...config, ...change }, "model.safetensors": stored(tensors) })
  const further = await model({ layer_types: new Array(3).fill("full_attention"), num_nextn_predict_layers: 1 })
  assert.deepEqual([further.layers.length, further.notes], [2, []])
  const { layers, notes } = await model({ layer_types: ["full_attention", "x"] })
  assert.deepEqual(layers[1]?.cache, layers[0]?.cache)
  assert.match(notes.join(), /Its layers of kind "x" are not known here: .* keep the whole context/)
})

it("an index that tells too few bytes for the configuration is refused", async () => {
  const { config } = smallQwen2(3, true)
  const told = (total_size: number) =>
    read({ "config.json": config, [INDEX]: { metadata: { total_size }, weight_map: { a: "b.safetensors" } } })
  const { parameters } = await told(1e9)
  for (const few of [1, 5, Math.floor(parameters / 8) - 1])
    await assert.rejects(told(few), refuses("invalid_input", /config\.json: .* less than a bit for each/))
  const few = await told(Math.ceil(parameters / 4))
  assert.ok(Math.abs(weightBytes(few) - parameters / 4) < 20)
  const saysMore = ({ notes }: typeof few) => notes.some((note) => /^The index tells \d+ bytes for each/.test(note))
  assert.deepEqual([few, await told(parameters * 4), await told(parameters * 20)].map(saysMore), [false, false, true])
  for (const weight_map of [{}, { a: null }, { a: "" }, { a: "b.safetensors", c: 5 }])
    await assert.rejects(
      read({ "config.json": config, [INDEX]: { metadata: { total_size: 1e6 }, weight_map } }),
      refuses("invalid_input", /weight_map does not name the file of each tensor/),
    )
  for (const file of ["../../../etc/passwd", "/etc/passwd", "a/../b.safetensors", "..\\b.safetensors"])
    await assert.rejects(
      read({ "config.json": config, [INDEX]: { metadata: { total_size: 1e9 }, weight_map: { a: file } } }),
      refuses("invalid_input", /weight_map names .*, which is no file beside it/),
    )
})

it("a damaged configuration gives facts that can be reckoned with, or a refusal", async () => {
  const odd = fc.constantFrom<unknown>(null, -1, 0, 1, 1e308, 2 ** 53, "x", "M-*", [], [1, 2], {}, true, 1.5, [[]])
  const { config, tensors } = smallQwen2(3, true)
  const further =
    "sliding_window kv_lora_rank head_dim layer_types num_experts num_experts_per_tok full_attention_interval".split(
      " ",
    )
  const key = fc.constantFrom(
    ...Object.keys(config),
    ...further,
    "text_config",
    "hybrid_override_pattern",
    "decoder_sparse_step",
  )
  const index = { metadata: { total_size: 1e9 }, weight_map: { a: "b.safetensors" } }
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(key, odd), { maxLength: 4 }), fc.boolean(), async (changes, isIndex) => {
      const changed = { ...config, ...Object.fromEntries(changes) }
      const rest = isIndex ? { [INDEX]: index } : { "model.safetensors": stored(tensors) }
      try {
        const model = await read({ "config.json": changed, ...rest })
        assert.ok(Number.isFinite(weightBytes(model)) && Number.isFinite(activeBytes(model)))
        const kept = model.layers.map((layer) => cacheBytes(layer, { contextTokens: 1e6, slots: 1e3, kv: "f16" }))
        assert.ok(kept.every((bytes) => Number.isFinite(bytes) && bytes >= 0))
      } catch (error) {
        assert.ok(error instanceof WindfallError && error.code === "invalid_input", String((error as Error).stack))
      }
    }),
    { numRuns: 1_000 },
  )
})

describe("what a configuration says of caches", () => {
  const caches = (values: Record<string, unknown>, layers: number) =>
    configCaches(new ModelConfig("config.json", { hidden_size: 64, num_attention_heads: 4, ...values }), layers, [])
  const kinds = (values: Record<string, unknown>, layers: number) =>
    caches(values, layers).map((cache) =>
      cache.map((one) => (one.kind === "attention" && one.windowTokens !== null ? "window" : one.kind)).join("+"),
    )

  it("layer by layer, by list, by pattern, by interval", () => {
    const types = ["sliding_attention", "full_attention", "linear_attention"]
    assert.deepEqual(kinds({ model_type: "x", layer_types: types, sliding_window: 8 }, 3), [
      "window",
      "attention",
      "recurrent",
    ])
    assert.deepEqual(kinds({ model_type: "nemotron_h", hybrid_override_pattern: "M-*M" }, 4), [
      "recurrent",
      "",
      "attention",
      "recurrent",
    ])
    assert.deepEqual(kinds({ model_type: "qwen3_next", full_attention_interval: 2 }, 4), [
      "recurrent",
      "attention",
      "recurrent",
      "attention",
    ])
    assert.deepEqual(kinds({ model_type: "gemma3", text_config: { sliding_window: 8 } }, 6), [
      ...Array(5).fill("window"),
      "attention",
    ])
    assert.deepEqual(kinds({ model_type: "qwen2", sliding_window: 8, use_sliding_window: false }, 1), ["attention"])
    assert.deepEqual(kinds({ model_type: "gemma3n", num_kv_shared_layers: 2 }, 3), ["attention", "", ""])
  })

  it("one compressed vector for each layer, with MLA", () => {
    const values = { model_type: "deepseek_v3", kv_lora_rank: 512, qk_rope_head_dim: 64 }
    assert.deepEqual(caches(values, 2), [[{ kind: "latent", elements: 576 }], [{ kind: "latent", elements: 576 }]])
  })
})
