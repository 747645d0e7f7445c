import { isWithoutCache, type ModelFacts } from "../model/model-facts.ts"

/** Tokens of a prompt that are worked off at once (`--ubatch-size`). */
export const LLAMA_BATCH_TOKENS = 512

/**
 * The same for a model that makes embeddings. What reads a text as a whole needs all of it in one batch: llama.cpp answers 500 to a text that is longer
 * than its batch. It reads in parts only what keeps a cache and takes the last token's vector.
 */
export function llamaBatchTokens(model: ModelFacts, contextTokens: number): number {
  const readsParts = model.pooling === null || (model.pooling === "last" && !isWithoutCache(model))
  return readsParts ? LLAMA_BATCH_TOKENS : Math.max(LLAMA_BATCH_TOKENS, contextTokens)
}
