import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { FilesInMemory } from "../../../test/support/safetensors-files.ts"
import { runsInMlx } from "../engines/mlx-models.ts"
import { cacheBytes } from "../fit/cache-bytes.ts"
import { activeBytes, weightBytes } from "../model/model-facts.ts"
import { readModel } from "../model/read-model.ts"

const C = 32_768
/** Of keys and values, halves: layers, heads, size of each, tokens. */
const kv = (layers: number, heads: number, size: number, tokens = C) => layers * 2 * heads * size * 2 * tokens
const ssm = (layers: number, inner: number, state: number, groups: number) =>
  layers * 4 * (3 * (inner + 2 * groups * state) + state * inner)

/** Sizes under the names that most have. */
function sizes(
  model_type: string,
  [num_hidden_layers, hidden_size, num_attention_heads, num_key_value_heads, head_dim, intermediate_size, vocab_size]: readonly number[],
  further: object = {},
): object {
  const shape = { num_hidden_layers, hidden_size, num_attention_heads, num_key_value_heads, head_dim }
  return { model_type, ...shape, intermediate_size, vocab_size, tie_word_embeddings: false, ...further }
}

const times = (count: number, ...kinds: readonly string[]) => Array.from({ length: count }, (_, at) => kinds[at % kinds.length])
const moe = (num_experts: number, num_experts_per_tok: number, moe_intermediate_size: number) => ({
  ...{ num_experts, num_experts_per_tok, moe_intermediate_size },
})
const MLA = { kv_lora_rank: 512, qk_rope_head_dim: 64, qk_nope_head_dim: 128, v_head_dim: 128, q_lora_rank: 1536 }
const DEEPSEEK = { ...MLA, n_routed_experts: 256, num_experts_per_tok: 8, moe_intermediate_size: 2048, n_shared_experts: 1, first_k_dense_replace: 3 }
const LINEAR = { linear_num_key_heads: 16, linear_num_value_heads: 32, linear_key_head_dim: 128, linear_value_head_dim: 128, linear_conv_kernel_dim: 4 }
const four = { quantization: { group_size: 64, bits: 4 } }

/** Name, configuration, what a conversation of 32,768 tokens keeps, the share of the weights that a token reads where it has experts. */
const ROWS: readonly (readonly [name: string, config: object, cache: number, share?: number])[] = [
  ["Llama 3.1 8B", sizes("llama", [32, 4096, 32, 8, 128, 14_336, 128_256], four), kv(32, 8, 128)],
  ["Llama 3.1 405B", sizes("llama", [126, 16_384, 128, 8, 128, 53_248, 128_256], four), kv(126, 8, 128)],
  [
    "Llama 4 Maverick, nested",
    {
      model_type: "llama4",
      text_config: sizes("llama4_text", [48, 5120, 40, 8, 128, 8192, 202_048], {
        ...{ intermediate_size_mlp: 16_384, num_local_experts: 128, num_experts_per_tok: 1, interleave_moe_layer_step: 2, attention_chunk_size: 8192 },
      }),
      vision_config: { hidden_size: 1408 },
    },
    kv(36, 8, 128, 8192) + kv(12, 8, 128),
    16.1 / 400.7,
  ],
  ["Mistral 7B v0.1: its window is not run", sizes("mistral", [32, 4096, 32, 8, 128, 14_336, 32_000], { sliding_window: 4096 }), kv(32, 8, 128)],
  ["Mixtral 8x7B", sizes("mixtral", [32, 4096, 32, 8, 128, 14_336, 32_000], { num_local_experts: 8, num_experts_per_tok: 2 }), kv(32, 8, 128), 12.8 / 46.7],
  ["Mistral Small 3.1, nested", { model_type: "mistral3", text_config: sizes("mistral", [40, 5120, 32, 8, 128, 32_768, 131_072]), vision_config: {}, ...four }, kv(40, 8, 128)],
  ["Qwen2.5 7B", sizes("qwen2", [28, 3584, 28, 4, 128, 18_944, 152_064], { sliding_window: 131_072, use_sliding_window: false }), kv(28, 4, 128)],
  ["Qwen2.5-VL 7B", sizes("qwen2_5_vl", [28, 3584, 28, 4, 128, 18_944, 152_064], { sliding_window: 32_768, use_sliding_window: false, vision_config: {} }), kv(28, 4, 128)],
  ["Qwen3 30B-A3B", sizes("qwen3_moe", [48, 2048, 32, 4, 128, 6144, 151_936], moe(128, 8, 768)), kv(48, 4, 128), 3.04 / 30.5],
  ["Qwen3 235B-A22B", sizes("qwen3_moe", [94, 4096, 64, 4, 128, 12_288, 151_936], moe(128, 8, 1536)), kv(94, 4, 128), 21.6 / 235.1],
  [
    "Qwen3-Next 80B-A3B",
    sizes("qwen3_next", [48, 2048, 16, 2, 256, 5120, 151_936], { ...moe(512, 10, 512), shared_expert_intermediate_size: 512, full_attention_interval: 4, ...LINEAR }),
    kv(12, 2, 256) + ssm(36, 4096, 128, 16),
    3.4 / 79.7,
  ],
  [
    "Qwen3.5 35B-A3B, nested",
    {
      model_type: "qwen3_5_moe",
      text_config: sizes("qwen3_5_moe_text", [40, 2048, 16, 2, 256, 512, 248_320], {
        ...{ ...moe(256, 8, 512), shared_expert_intermediate_size: 512, ...LINEAR },
        layer_types: times(40, "linear_attention", "linear_attention", "linear_attention", "full_attention"),
      }),
    },
    kv(10, 2, 256) + ssm(30, 4096, 128, 16),
  ],
  ["Gemma 2 9B: its window is not run", sizes("gemma2", [42, 3584, 16, 8, 256, 14_336, 256_000], { sliding_window: 4096 }), kv(42, 8, 256)],
  [
    "Gemma 3 27B, nested",
    { model_type: "gemma3", text_config: sizes("gemma3_text", [62, 5376, 32, 16, 128, 21_504, 262_208], { sliding_window: 1024 }) },
    kv(52, 16, 128, 1024) + kv(10, 16, 128),
  ],
  [
    "Gemma 3n E4B, nested",
    {
      model_type: "gemma3n",
      text_config: sizes("gemma3n_text", [35, 2048, 8, 2, 256, 0, 262_400], {
        ...{ intermediate_size: new Array(35).fill(16_384), sliding_window: 512, num_kv_shared_layers: 15 },
        layer_types: times(35, ...new Array(4).fill("sliding_attention"), "full_attention"),
      }),
    },
    kv(16, 2, 256, 512) + kv(4, 2, 256),
  ],
  [
    "Gemma 4 31B, nested",
    {
      model_type: "gemma4",
      text_config: sizes("gemma4_text", [60, 5376, 32, 16, 256, 21_504, 262_144], {
        ...{ sliding_window: 1024, global_head_dim: 512, num_global_key_value_heads: 4, attention_k_eq_v: true },
        layer_types: times(60, ...new Array(5).fill("sliding_attention"), "full_attention"),
      }),
    },
    kv(50, 16, 256, 1024) + kv(10, 4, 512),
  ],
  [
    "Gemma 4 E2B, by its period",
    { model_type: "gemma4", text_config: sizes("gemma4_text", [35, 1536, 8, 1, 256, 6144, 262_144], { sliding_window: 512, global_head_dim: 512, num_kv_shared_layers: 20 }) },
    kv(12, 1, 256, 512) + kv(3, 1, 512),
  ],
  [
    "gpt-oss 120b, MXFP4",
    sizes("gpt_oss", [36, 2880, 64, 8, 64, 2880, 201_088], {
      ...{ num_local_experts: 128, num_experts_per_tok: 4, sliding_window: 128 },
      layer_types: times(36, "sliding_attention", "full_attention"),
      quantization: { group_size: 32, bits: 4, mode: "mxfp4" },
    }),
    kv(18, 8, 64, 128) + kv(18, 8, 64),
    5.1 / 116.8,
  ],
  ["DeepSeek V3", sizes("deepseek_v3", [61, 7168, 128, 128, 56, 18_432, 129_280], DEEPSEEK), 61 * 576 * 2 * C, 37.5 / 671],
  ["DeepSeek V3.2", sizes("deepseek_v32", [61, 7168, 128, 128, 56, 18_432, 129_280], { ...DEEPSEEK, index_head_dim: 128 }), 61 * (576 + 128) * 2 * C, 37.5 / 671],
  [
    "Kimi K2",
    sizes("kimi_k2", [61, 7168, 64, 64, 112, 18_432, 163_840], { ...DEEPSEEK, n_routed_experts: 384, first_k_dense_replace: 1 }),
    61 * 576 * 2 * C,
    32.9 / 1026,
  ],
  [
    "Kimi Linear 48B",
    sizes("kimi_linear", [27, 2304, 32, 32, 72, 9216, 163_840], {
      ...{ ...MLA, q_lora_rank: null, ...moe(256, 8, 1024), num_shared_experts: 1, first_k_dense_replace: 1 },
      linear_attn_config: {
        ...{ num_heads: 32, head_dim: 128, short_conv_kernel_size: 4, full_attn_layers: [4, 8, 12, 16, 20, 24, 27] },
        kda_layers: [1, 2, 3, 5, 6, 7, 9, 10, 11, 13, 14, 15, 17, 18, 19, 21, 22, 23, 25, 26],
      },
    }),
    7 * 576 * 2 * C + 20 * 4 * (3 * 3 * 4096 + 32 * 128 * 128),
    3.0 / 49.1,
  ],
  [
    "GLM 4.6",
    sizes("glm4_moe", [92, 5120, 96, 8, 128, 12_288, 151_552], { n_routed_experts: 160, num_experts_per_tok: 8, moe_intermediate_size: 1536, n_shared_experts: 1, first_k_dense_replace: 3 }),
    kv(92, 8, 128),
    32.2 / 353,
  ],
  ["MiniMax M2", sizes("minimax_m2", [62, 3072, 48, 8, 128, 1536, 200_064], { num_local_experts: 256, num_experts_per_tok: 8 }), kv(62, 8, 128), 10.4 / 228.7],
  ["Phi-3 mini: its window is not run", sizes("phi3", [32, 3072, 32, 32, 96, 8192, 32_064], { sliding_window: 2047 }), kv(32, 32, 96)],
  ["Command R7B", sizes("cohere2", [32, 4096, 32, 8, 128, 14_336, 256_000], { sliding_window: 4096, sliding_window_pattern: 4 }), kv(24, 8, 128, 4096) + kv(8, 8, 128)],
  ["EXAONE 4 32B, in letters", sizes("exaone4", [64, 5120, 40, 8, 128, 27_392, 102_400], { sliding_window: 4096, sliding_window_pattern: "LLLG" }), kv(48, 8, 128, 4096) + kv(16, 8, 128)],
  ["Falcon-H1 7B", sizes("falcon_h1", [44, 3072, 12, 2, 128, 12_288, 130_048], { mamba_d_ssm: 3072, mamba_d_state: 256, mamba_n_groups: 1, mamba_d_conv: 4 }), kv(44, 2, 128) + ssm(44, 3072, 256, 1)],
  [
    "Jamba 1.5 Mini",
    sizes("jamba", [32, 4096, 32, 8, 128, 14_336, 65_536], {
      ...{ attn_layer_period: 8, attn_layer_offset: 4, mamba_d_state: 16, mamba_expand: 2, mamba_d_conv: 4 },
      ...{ num_experts: 16, num_experts_per_tok: 2, expert_layer_period: 2, expert_layer_offset: 1 },
    }),
    kv(4, 8, 128) + ssm(28, 8192, 16, 0),
    12 / 51.6,
  ],
  ["Mamba 2.8B, by its old names", { model_type: "mamba", d_model: 2560, n_layer: 64, vocab_size: 50_280, state_size: 16, conv_kernel: 4, expand: 2 }, ssm(64, 5120, 16, 0)],
  ["Mamba2 7B", { model_type: "mamba2", hidden_size: 4096, num_hidden_layers: 64, vocab_size: 32_768, state_size: 128, conv_kernel: 4, expand: 2, n_groups: 8, num_heads: 128, head_dim: 64 }, ssm(64, 8192, 128, 8)],
  [
    "Granite 4.0 H Small",
    sizes("granitemoehybrid", [40, 4096, 32, 8, 128, 768, 100_352], {
      ...{ num_local_experts: 72, num_experts_per_tok: 10, shared_intermediate_size: 1536, mamba_n_heads: 128, mamba_d_head: 64, mamba_d_state: 128, mamba_n_groups: 1, mamba_d_conv: 4 },
      layer_types: times(40, ...new Array(5).fill("mamba"), "attention", ...new Array(4).fill("mamba")),
    }),
    kv(4, 8, 128) + ssm(36, 8192, 128, 1),
  ],
  ["LFM2 1.2B", sizes("lfm2", [16, 2048, 32, 8, 64, 8192, 65_536], { conv_L_cache: 3, full_attn_idxs: [2, 5, 8, 10, 12, 14] }), kv(6, 8, 64) + 10 * 2 * 2048 * 4],
  ["RWKV7 2.9B", { model_type: "rwkv7", hidden_size: 2560, num_hidden_layers: 32, vocab_size: 65_536, head_dim: 64, intermediate_size: 10_240 }, 32 * 4 * (2 * 2560 + 64 * 2560)],
  [
    "Nemotron Nano 9B v2",
    sizes("nemotron_h", [56, 4480, 40, 8, 128, 15_680, 131_072], {
      ...{ mamba_num_heads: 128, mamba_head_dim: 80, n_groups: 8, ssm_state_size: 128, conv_kernel: 4 },
      hybrid_override_pattern: "M-M-M-MM-M-M-M*-M-M-M*-M-M-M-M*-M-M-M-M*-M-MM-M-M-M-M-M-",
    }),
    kv(4, 8, 128) + ssm(27, 10_240, 128, 8),
  ],
  [
    "RecurrentGemma 9B: attention has a window only",
    sizes("recurrent_gemma", [38, 4096, 16, 1, 256, 12_288, 256_000], { attention_window_size: 2048, block_types: ["recurrent", "recurrent", "attention"] }),
    kv(12, 1, 256, 2048) + 26 * 4 * (3 * 8192 + 16 * 8192),
  ],
  ["Olmo 3 32B", sizes("olmo3", [64, 5120, 40, 8, 128, 27_648, 100_278], { sliding_window: 4096, layer_types: times(64, ...new Array(3).fill("sliding_attention"), "full_attention") }), kv(48, 8, 128, 4096) + kv(16, 8, 128)],
  ["SmolLM3 3B", sizes("smollm3", [36, 2048, 16, 4, 128, 11_008, 128_256]), kv(36, 4, 128)],
]

describe("configurations of published models", () => {
  for (const [name, config, cache, share] of ROWS)
    it(`${name}: what a conversation of 32k keeps`, async () => {
      const index = { metadata: { total_size: 1e11 }, weight_map: { "lm_head.weight": "a.safetensors" } }
      const folder = new FilesInMemory({ "config.json": config, "model.safetensors.index.json": index })
      const model = await readModel(folder, null, new AbortController().signal)
      assert.ok(runsInMlx(model.architecture))
      const serving = { contextTokens: C, slots: 1, kv: "f16" } as const
      assert.equal(
        model.layers.reduce((sum, layer) => sum + cacheBytes(layer, serving), 0),
        cache,
      )
      assert.ok(Math.abs(weightBytes(model) - 1e11) < 1e3)
      if (share !== undefined) {
        const found = activeBytes(model) / weightBytes(model)
        assert.ok(Math.abs(found / share - 1) < 0.15, `${found} of ${share} is read`)
      }
    })
})
