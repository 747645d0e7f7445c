import { USUAL_CONTEXT_TOKENS } from "../../protocol/model-api.ts"
import { LLAMA_BATCH_TOKENS, llamaBatchTokens } from "../engines/llama-batch.ts"
import type { ModelFacts } from "../model/model-facts.ts"

/** Buffers of what reads a text as a whole grow with the square of its length. */
const MOST_AT_ONCE = 8_192

/** The context as long as nobody says another: what is usual, and never more than the model was made for. */
export function usualContextTokens(model: ModelFacts): number {
  const isWhole = llamaBatchTokens(model, MOST_AT_ONCE) > LLAMA_BATCH_TOKENS
  const usual = isWhole ? MOST_AT_ONCE : USUAL_CONTEXT_TOKENS
  return Math.min(usual, model.contextTokens ?? usual)
}
