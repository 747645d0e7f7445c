import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { HeaderSource } from "../../../test/support/gguf-file.ts"
import { headerOf } from "../../../test/support/hive-models.ts"
import {
  attention,
  experts,
  feedForward,
  latentAttention,
  mamba,
  publishedHeader,
  times,
} from "../../../test/support/published-headers.ts"
import {
  C,
  deepseek,
  dense,
  glm,
  gptOss,
  graniteAttention,
  jambaAttention,
  kimiAttention,
  kv,
  lfm2Attention,
  linear,
  llama4,
  mla,
  nemotron,
  type PublishedModel,
  perLayer,
  sparse,
  ssm,
  window,
} from "../../../test/support/published-models.ts"
import { cacheBytes } from "../fit/cache-bytes.ts"
import { LLAMA_CPP_ARCHITECTURES } from "./architectures.ts"
import { ggufModel } from "./gguf-model.ts"
import { readGguf } from "./read-gguf.ts"

const ROWS: readonly PublishedModel[] = [
  dense("Llama 3.1 8B", "llama", [32, 4096, 32, 8, 128, 14_336, 128_256], 8.03),
  dense("Llama 3.3 70B", "llama", [80, 8192, 64, 8, 128, 28_672, 128_256], 70.55),
  dense("Llama 3.1 405B", "llama", [126, 16_384, 128, 8, 128, 53_248, 128_256], 405.9),
  llama4("Llama 4 Scout", 16, () => true, [107.8, 16.1]),
  llama4("Llama 4 Maverick", 128, (at) => at % 2 === 1, [400.7, 16.1]),
  dense("Qwen2.5 72B", "qwen2", [80, 8192, 64, 8, 128, 29_568, 152_064], 72.7),
  dense("Qwen2.5-VL 7B", "qwen2vl", [28, 3584, 28, 4, 128, 18_944, 152_064], 7.62),
  dense("Qwen3 8B", "qwen3", [36, 4096, 32, 8, 128, 12_288, 151_936], 8.19),
  dense("Qwen3 32B", "qwen3", [64, 5120, 64, 8, 128, 25_600, 151_936], 32.8),
  sparse("Qwen3 30B-A3B", "qwen3moe", [48, 2048, 32, 4, 128, 151_936], [128, 8, 768], [30.5, 3.04]),
  sparse("Qwen3 235B-A22B", "qwen3moe", [94, 4096, 64, 4, 128, 151_936], [128, 8, 1536], [235.1, 21.6]),
  linear("Qwen3-Next 80B-A3B", "qwen3next", 48, [512, 10, 512], [79.7, 3.56], 151_936),
  linear("Qwen3.5 35B-A3B", "qwen35moe", 40, [256, 8, 512], [34.7, 2.9], 248_320),
  dense("Gemma 2 27B", "gemma2", [46, 4608, 32, 16, 128, 36_864, 256_000], 27.2, {
    isTied: true,
    keys: window(4096),
    cache: kv(23, 16, 128, 4096) + kv(23, 16, 128),
  }),
  dense("Gemma 3 27B", "gemma3", [62, 5376, 32, 16, 128, 21_504, 262_144], 27.0, {
    isTied: true,
    keys: window(1024),
    cache: kv(52, 16, 128, 1024) + kv(10, 16, 128),
  }),
  dense("Gemma 3 4B", "gemma3", [34, 2560, 8, 4, 256, 10_240, 262_144], 3.88, {
    isTied: true,
    keys: window(1024),
    cache: kv(29, 4, 256, 1024) + kv(5, 4, 256),
  }),
  dense("Gemma 3n E4B, without what is of each layer", "gemma3n", [35, 2048, 8, 2, 256, 16_384, 262_144], 4.5, {
    isTied: true,
    keys: { ...window(512), "attention.shared_kv_layers": 15 },
    // Of the first twenty layers every fifth sees all; the others use what these keep.
    cache: kv(16, 2, 256, 512) + kv(4, 2, 256),
  }),
  dense("Gemma 4 31B", "gemma4", [60, 5376, 32, 16, 256, 21_504, 262_144], 31.0, {
    isTied: true,
    keys: {
      ...window(1024),
      "attention.sliding_window_pattern": perLayer(60, (at) => Number(at % 6 !== 5)),
      "attention.head_count_kv": perLayer(60, (at) => (at % 6 === 5 ? 4 : 16)),
      "attention.key_length": 512,
      "attention.value_length": 512,
      "attention.key_length_swa": 256,
      "attention.value_length_swa": 256,
    },
    cache: kv(50, 16, 256, 1024) + kv(10, 4, 512),
  }),
  gptOss("gpt-oss 20b", 24, 32, [20.9, 3.6]),
  gptOss("gpt-oss 120b", 36, 128, [116.8, 5.1]),
  deepseek("DeepSeek V2 Lite", [27, 2048, 16, 0, 1, 10_944, 102_400], [64, 6, 1408, 2816], [15.7, 2.45]),
  deepseek("DeepSeek V3, R1", [61, 7168, 128, 1536, 3, 18_432, 129_280], [256, 8, 2048, 2048], [671, 37.5]),
  deepseek("DeepSeek V3.2", [61, 7168, 128, 1536, 3, 18_432, 129_280], [256, 8, 2048, 2048], [671, 37.5], {
    arch: "deepseek32",
    keys: { "attention.indexer.head_count": 64, "attention.indexer.key_length": 128, "attention.indexer.top_k": 2048 },
    cache: mla(61, 576 + 128),
  }),
  deepseek("Kimi K2", [61, 7168, 64, 1536, 1, 18_432, 163_840], [384, 8, 2048, 2048], [1026, 32.9]),
  glm("GLM 4.5 Air", 46, 4096, [128, 8, 1408], [1, 10_944], [109.4, 12.8]),
  glm("GLM 4.6", 92, 5120, [160, 8, 1536], [3, 12_288], [356.8, 32.2]),
  sparse("MiniMax M2", "minimax-m2", [62, 3072, 48, 8, 128, 200_064], [256, 8, 1536], [228.7, 10.4]),
  dense("Mistral 7B", "llama", [32, 4096, 32, 8, 128, 14_336, 32_768], 7.25),
  sparse("Mixtral 8x7B", "llama", [32, 4096, 32, 8, 128, 32_000], [8, 2, 14_336], [46.7, 12.8]),
  sparse("Mixtral 8x22B", "llama", [56, 6144, 48, 8, 128, 32_768], [8, 2, 16_384], [140.6, 38.9]),
  dense("Ministral 3 8B", "mistral3", [34, 4096, 32, 8, 128, 14_336, 131_072], 8.49),
  dense("Mistral Large 2", "llama", [88, 12_288, 96, 8, 128, 28_672, 32_768], 122.6),
  dense("Phi-3 mini", "phi3", [32, 3072, 32, 32, 96, 8192, 32_064], 3.82, {
    // llama.cpp runs it without its window.
    keys: window(2047),
    layers: times(32, () => [
      ["attn_qkv", [3072, 9216]],
      ["attn_output", [3072, 3072]],
      ["ffn_up", [3072, 16_384]],
      ["ffn_down", [8192, 3072]],
    ]),
  }),
  dense("Phi-4", "phi3", [40, 5120, 40, 10, 128, 17_920, 100_352], 14.66),
  dense("Command R+", "command-r", [64, 12_288, 96, 8, 128, 33_792, 256_000], 103.8, { isTied: true }),
  dense("Command R7B", "cohere2", [32, 4096, 32, 8, 128, 14_336, 256_000], 8.03, {
    isTied: true,
    keys: window(4096),
    cache: kv(24, 8, 128, 4096) + kv(8, 8, 128),
  }),
  dense("Falcon-H1 7B", "falcon-h1", [44, 3072, 12, 2, 128, 12_288, 130_048], 7.6, {
    keys: { "ssm.conv_kernel": 4, "ssm.state_size": 256, "ssm.group_count": 1, "ssm.inner_size": 3072 },
    layers: times(44, () => [...attention(3072, 12, 2, 128), ...mamba(3072, 3072, 6680), ...feedForward(3072, 12_288)]),
    cache: kv(44, 2, 128) + ssm(44, 3072, 256, 1),
  }),
  sparse("Jamba 1.5 Mini", "jamba", [32, 4096, 32, 8, 128, 65_536], [16, 2, 14_336], [51.6, 12.0], {
    keys: {
      "attention.head_count_kv": perLayer(32, (at) => (jambaAttention(at) ? 8 : 0)),
      "ssm.conv_kernel": 4,
      "ssm.state_size": 16,
      "ssm.inner_size": 8192,
    },
    layers: times(32, (at) => [
      ...(jambaAttention(at) ? attention(4096, 32, 8, 128) : mamba(4096, 8192, 16_384)),
      ...(at % 2 === 1 ? experts(4096, 16, 14_336) : feedForward(4096, 14_336)),
    ]),
    cache: kv(4, 8, 128) + ssm(28, 8192, 16, 0),
  }),
  dense("Codestral Mamba 7B", "mamba2", [64, 4096, 0, 0, 0, 0, 32_768], 7.28, {
    keys: {
      "attention.head_count": 0,
      "attention.head_count_kv": 0,
      "ssm.conv_kernel": 4,
      "ssm.state_size": 128,
      "ssm.group_count": 8,
      "ssm.inner_size": 8192,
    },
    layers: times(64, () => mamba(4096, 8192, 18_560)),
    cache: ssm(64, 8192, 128, 8),
  }),
  sparse("Granite 4.0 H Small", "granitehybrid", [40, 4096, 32, 8, 128, 100_352], [72, 10, 768, 1536], [32.2, 8.8], {
    isTied: true,
    keys: {
      "attention.head_count_kv": perLayer(40, (at) => (graniteAttention(at) ? 8 : 0)),
      "ssm.conv_kernel": 4,
      "ssm.state_size": 128,
      "ssm.group_count": 1,
      "ssm.inner_size": 8192,
    },
    layers: times(40, (at) => [
      ...(graniteAttention(at) ? attention(4096, 32, 8, 128) : mamba(4096, 8192, 16_768)),
      ...experts(4096, 72, 768, 1536),
    ]),
    cache: kv(4, 8, 128) + ssm(36, 8192, 128, 1),
  }),
  dense("LFM2 1.2B", "lfm2", [16, 2048, 32, 8, 64, 8192, 65_536], 1.17, {
    isTied: true,
    keys: { "attention.head_count_kv": perLayer(16, (at) => (lfm2Attention(at) ? 8 : 0)), "shortconv.l_cache": 3 },
    layers: times(16, (at) => [
      ...(lfm2Attention(at)
        ? attention(2048, 32, 8, 64)
        : [["shortconv.in_proj", [2048, 6144]] as const, ["shortconv.out_proj", [2048, 2048]] as const]),
      ...feedForward(2048, 8192),
    ]),
    cache: kv(6, 8, 64) + 10 * 2 * 2048 * 4,
  }),
  dense("RWKV7 2.9B", "rwkv7", [32, 2560, 0, 0, 0, 10_240, 65_536], 2.95, {
    keys: { "attention.head_count": 0, "attention.head_count_kv": 0, "wkv.head_size": 64, token_shift_count: 2 },
    layers: times(32, () => [
      ["time_mix_lerp_fused", [2560, 8]],
      ...["receptance", "key", "value", "output"].map((one) => [`time_mix_${one}`, [2560, 2560]] as const),
      ["channel_mix_key", [2560, 10_240]],
      ["channel_mix_value", [10_240, 2560]],
    ]),
    cache: 32 * 4 * (2 * 2560 + 64 * 2560),
  }),
  dense("Nemotron Nano 9B v2", "nemotron_h", [56, 4480, 40, 8, 128, 15_680, 131_072], 8.9, {
    keys: {
      "attention.head_count_kv": [...nemotron].map((kind) => (kind === "*" ? 8 : 0)),
      feed_forward_length: [...nemotron].map((kind) => (kind === "-" ? 15_680 : 0)),
      ...{ "ssm.conv_kernel": 4, "ssm.state_size": 128, "ssm.group_count": 8, "ssm.inner_size": 10_240 },
    },
    layers: times(56, (at) => {
      if (nemotron[at] === "*") return attention(4480, 40, 8, 128)
      return nemotron[at] === "M" ? mamba(4480, 10_240, 22_656) : feedForward(4480, 15_680).slice(1)
    }),
    cache: kv(4, 8, 128) + ssm(27, 10_240, 128, 8),
  }),
  dense("OLMo 2 32B", "olmo2", [64, 5120, 40, 8, 128, 27_648, 100_352], 32.2),
  dense("Olmo 3 32B", "olmo2", [64, 5120, 40, 8, 128, 27_648, 100_278], 32.2, {
    keys: window(4096),
    cache: kv(48, 8, 128, 4096) + kv(16, 8, 128),
  }),
  dense("EXAONE 4 32B", "exaone4", [64, 5120, 40, 8, 128, 27_392, 102_400], 32.0, {
    keys: window(4096),
    cache: kv(48, 8, 128, 4096) + kv(16, 8, 128),
  }),
  dense("SmolLM3 3B", "smollm3", [36, 2048, 16, 4, 128, 11_008, 128_256], 3.08, { isTied: true }),
  deepseek("Kimi Linear 48B-A3B", [27, 2304, 32, 0, 1, 9216, 163_840], [256, 8, 1024, 1024], [49.1, 3.0], {
    arch: "kimi-linear",
    keys: {
      "attention.head_count_kv": perLayer(27, (at) => Number(kimiAttention(at))),
      "kda.head_dim": 128,
      "ssm.conv_kernel": 4,
    },
    layers: times(27, (at) => [
      ...(kimiAttention(at)
        ? latentAttention(2304, 32, 0)
        : [...attention(2304, 32, 32, 128), ["ssm_conv1d_q", [4, 4096], 0] as const, ["ssm_a", [32], 0] as const]),
      ...(at < 1 ? feedForward(2304, 9216) : experts(2304, 256, 1024, 1024)),
    ]),
    cache: mla(7) + 20 * 4 * (3 * 3 * 4096 + 32 * 128 * 128),
  }),
  dense("bge-large-en", "bert", [24, 1024, 16, 16, 64, 4096, 30_522], 0.43, {
    isTied: true,
    keys: { "attention.causal": false },
    cache: 0,
  }),
  dense("nomic-embed-text", "nomic-bert", [12, 768, 12, 12, 64, 3072, 30_522], 0.137, {
    isTied: true,
    keys: { "attention.causal": false },
    cache: 0,
  }),
  dense("EmbeddingGemma", "gemma-embedding", [24, 768, 3, 1, 256, 1152, 262_144], 0.303, {
    isTied: true,
    keys: window(512),
    cache: 0,
  }),
  dense("Qwen3 Embedding 0.6B", "qwen3", [28, 1024, 16, 8, 128, 3072, 151_669], 0.596, { isTied: true }),
]

describe("headers of published models", () => {
  for (const row of ROWS)
    it(`${row.name}: what a conversation of 32k keeps, and its parameters`, async () => {
      const { header, dataBytes } = headerOf(publishedHeader(row))
      const model = ggufModel(row.name, [
        await readGguf(
          new HeaderSource(`${row.name}.gguf`, header, header.length + dataBytes),
          new AbortController().signal,
        ),
      ])
      assert.ok(LLAMA_CPP_ARCHITECTURES.has(model.architecture))
      const serving = { contextTokens: C, slots: 1, kv: "f16" } as const
      const kept = model.layers.reduce((sum, layer) => sum + cacheBytes(layer, serving), 0)
      assert.equal(kept, row.cache)
      const [all, active] = row.billions
      assert.ok(Math.abs(model.parameters / 1e9 / all - 1) < 0.035, `${model.parameters / 1e9} billion of ${all}`)
      if (active !== undefined) {
        const inLayers = model.layers.reduce((sum, layer) => sum + layer.activeParameters, 0)
        const used = (inLayers + model.outputParameters) / 1e9
        assert.ok(Math.abs(used / active - 1) < 0.04, `${used} billion of ${active} are used`)
      }
    })
})
