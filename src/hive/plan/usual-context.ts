import { USUAL_CONTEXT_TOKENS } from "../../protocol/model-api.ts"
import type { ModelFacts } from "../model/model-facts.ts"

/** Texts that embeddings are made of are short, and buffers of what reads them as a whole grow with the square of it. */
const USUAL_TO_EMBED = 8_192

/** The context as long as nobody says another: what is usual, and never more than the model was made for. */
export function usualContextTokens({ pooling, contextTokens }: ModelFacts): number {
  const usual = pooling === null ? USUAL_CONTEXT_TOKENS : USUAL_TO_EMBED
  return Math.min(usual, contextTokens ?? usual)
}
