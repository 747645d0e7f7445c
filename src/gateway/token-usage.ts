import { countOf, type JsonObject, objectOf } from "./json-object.ts"

/** The tokens of one request, as the engine counted them. */
export interface TokenUsage {
  readonly promptTokens: number
  /** Of these: found in the engine's cache. */
  readonly cachedTokens: number
  readonly completionTokens: number
}

/** What an answer or a chunk says of tokens; `undefined` where it says nothing. */
export function usageOf(body: JsonObject): TokenUsage | undefined {
  const usage = objectOf(body.usage)
  const promptTokens = countOf(usage?.prompt_tokens)
  if (usage === undefined || promptTokens === undefined) return undefined
  const cached = countOf(objectOf(usage.prompt_tokens_details)?.cached_tokens) ?? 0
  return { promptTokens, cachedTokens: cached, completionTokens: countOf(usage.completion_tokens) ?? 0 }
}

/** What llama.cpp says of a prompt while it reads it, where it is asked to; `undefined` where a chunk says nothing of it. */
export function promptUsageOf(chunk: JsonObject): TokenUsage | undefined {
  const progress = objectOf(chunk.prompt_progress)
  const promptTokens = countOf(progress?.total)
  if (progress === undefined || promptTokens === undefined) return undefined
  return { promptTokens, cachedTokens: countOf(progress.cache) ?? 0, completionTokens: 0 }
}

/** As OpenAI's clients read it. */
export function usageObject({ promptTokens, cachedTokens, completionTokens }: TokenUsage): JsonObject {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
  }
}

/** Bytes of text that make about one token: what a request is taken for as long as nobody has counted its tokens. */
const BYTES_PER_TOKEN = 4

/** About how many tokens a text of so many bytes has, rounded up. */
export function tokensGuess(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_TOKEN)
}
