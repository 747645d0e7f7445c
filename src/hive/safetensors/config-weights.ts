import { brokenModel } from "../model/byte-source.ts"
import type { ModelConfig } from "./model-config.ts"

export interface ReckonedWeights {
  /** Parameters of each layer, and those of them that one token uses. */
  readonly layers: readonly { readonly all: number; readonly active: number }[]
  readonly embedding: number
  readonly output: number
}

export interface ExpertCounts {
  readonly count: number
  readonly used: number
}

/** Of one layer; models that are published have some hundreds. */
const MOST_EXPERTS = 2 ** 16

/** How many experts a layer has and how many of them a token uses; `null` for a dense model. */
export function expertsOf(config: ModelConfig): ExpertCounts | null {
  const count = config.count("n_routed_experts", "num_experts", "num_local_experts", "moe_num_experts") ?? 0
  if (count > MOST_EXPERTS) throw brokenModel(config.name, `it tells of ${count} experts`)
  const used = config.count("num_experts_per_tok", "num_experts_per_token", "moe_topk", "moe_k", "top_k_experts") ?? 0
  return count > 0 && used > 0 ? { count, used: Math.min(used, count) } : null
}

/**
 * Parameters from a configuration alone, for an index whose files are not there: matrices of attention and feed-forward, without
 * norms and biases. What it says of parts relative to each other is what counts: the index has the sum.
 */
export function reckonWeights(config: ModelConfig, layerCount: number): ReckonedWeights {
  const hidden = config.required("hidden_size", "n_embd", "d_model")
  const vocabulary = config.required("vocab_size")
  const attention = attentionParameters(config, hidden)
  const feedForward = 3 * hidden * (config.count("intermediate_size_mlp", "intermediate_size", "n_inner") ?? 4 * hidden)
  const experts = expertsOf(config)
  const expert = 3 * hidden * (config.count("moe_intermediate_size") ?? config.count("intermediate_size") ?? 4 * hidden)
  const sharedSize = config.count("shared_expert_intermediate_size", "shared_intermediate_size")
  const isLlama4 = /^llama4/.test(config.modelType)
  const sharedCount = config.count("n_shared_experts", "num_shared_experts") ?? Number(isLlama4)
  const shared = sharedSize === null ? expert * sharedCount : 3 * hidden * sharedSize
  const dense = config.count("first_k_dense_replace", "num_dense_layers") ?? 0
  const step =
    config.count("decoder_sparse_step", "moe_layer_freq", "interleave_moe_layer_step", "expert_layer_period") ?? 1
  const layers = Array.from({ length: layerCount }, (_, at) => {
    const isSparse = experts !== null && at >= dense && (step <= 1 || (at + 1) % step === 0)
    if (!isSparse) return { all: attention + feedForward, active: attention + feedForward }
    const router = hidden * experts.count
    return {
      all: attention + router + shared + expert * experts.count,
      active: attention + router + shared + expert * experts.used,
    }
  })
  const embedding = vocabulary * hidden
  return { layers, embedding, output: isTied(config) ? 0 : embedding }
}

/** Gemma leaves it out and means yes. */
export function isTied(config: ModelConfig): boolean {
  const said = config.value("tie_word_embeddings")
  return typeof said === "boolean" ? said : /^gemma/.test(config.modelType)
}

function attentionParameters(config: ModelConfig, hidden: number): number {
  const heads = config.count("num_attention_heads", "n_head") ?? 1
  const rank = config.count("kv_lora_rank")
  if (rank !== null && rank > 0) {
    const rope = config.count("qk_rope_head_dim") ?? 64
    const nope = config.count("qk_nope_head_dim") ?? 128
    const value = config.count("v_head_dim") ?? 128
    const queryRank = config.count("q_lora_rank") ?? 0
    const query = queryRank > 0 ? queryRank * (hidden + heads * (nope + rope)) : hidden * heads * (nope + rope)
    return query + hidden * (rank + rope) + rank * heads * (nope + value) + heads * value * hidden
  }
  const kvHeads = config.count("num_key_value_heads", "num_kv_heads") ?? heads
  const headSize = config.count("head_dim") ?? Math.floor(hidden / Math.max(1, heads))
  return 2 * hidden * headSize * (heads + kvHeads)
}
