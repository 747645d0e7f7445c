import type { LayerCache, LayerFacts, ModelFacts } from "../model/model-facts.ts"

export const KV_TYPES = ["f16", "q8_0", "q4_0"] as const
export type KvType = (typeof KV_TYPES)[number]

/** The quantised kinds keep a scale for so many elements. */
const BLOCK_ELEMENTS = 32
/** Bytes of an element of the cache. */
const ELEMENT_BYTES: Readonly<Record<KvType, number>> = {
  f16: 2,
  q8_0: 34 / BLOCK_ELEMENTS,
  q4_0: 18 / BLOCK_ELEMENTS,
}
/** States of recurrent layers are kept as 32-bit floats, whatever the cache is. */
const STATE_BYTES = 4

/** How a model is to be served. */
export interface Serving {
  /** Of each slot. */
  readonly contextTokens: number
  /** Conversations at the same time. */
  readonly slots: number
  readonly kv: KvType
}

/** Why llama.cpp would not keep the cache of a model so (llama_init_from_model: "does not divide n_embd_head_k"); `null` where it does. */
export function cacheTypeProblem({ cacheHeadSizes = [] }: ModelFacts, kv: KvType): string | null {
  if (kv === "f16") return null
  const odd = cacheHeadSizes.find((size) => size % BLOCK_ELEMENTS !== 0)
  return odd === undefined ? null : `its heads have ${odd} numbers each, and ${kv} keeps blocks of ${BLOCK_ELEMENTS}`
}

/**
 * What a layer keeps for all slots: 2 x heads x size x tokens of attention, `kv_lora_rank + qk_rope_head_dim` a token of MLA (for each
 * layer: mlx_lm deepseek_v3 caches kv_latent and k_pe), the window's tokens only where it has one, a constant state where it is recurrent.
 *
 * @param extraTokens beyond a window, as far as the context has them: what an engine keeps to work a batch off
 */
export function cacheBytes({ cache }: LayerFacts, serving: Serving, extraTokens = 0): number {
  let bytes = 0
  for (const one of cache) bytes += bytesForSlot(one, serving, extraTokens)
  return bytes * serving.slots
}

function bytesForSlot(cache: LayerCache, { contextTokens, kv }: Serving, extraTokens: number): number {
  if (cache.kind === "recurrent") return cache.elements * STATE_BYTES
  if (cache.kind === "latent") return cache.elements * contextTokens * ELEMENT_BYTES[kv]
  const tokens = cache.windowTokens === null ? contextTokens : Math.min(contextTokens, cache.windowTokens + extraTokens)
  return (cache.keyElements + cache.valueElements) * tokens * ELEMENT_BYTES[kv]
}
