import type { HiveOrder } from "../order/hive-order.ts"

/**
 * What makes `llama-server` answer on /v1/embeddings; without it, it answers 501 there, and with it 500 to whoever wants a text. How one vector
 * is made of a text is left to the model's header. Empty where the order is for text, or no such flag is known.
 */
export function embeddingFlags({ purpose }: Pick<HiveOrder, "purpose">, help: string): readonly string[] {
  if (purpose !== "embeddings") return []
  const words = new Set(help.split(/[\s,]+/))
  return ["--embeddings", "--embedding"].filter((flag) => words.has(flag)).slice(0, 1)
}

/** One embedding of a short text. */
export function embeddingCanary(alias: string, word: string): { readonly path: string; readonly body: unknown } {
  return { path: "/v1/embeddings", body: { model: alias, input: `${word} 1 2 3`, encoding_format: "float" } }
}

/** Tokens of the text whose embedding came; 0 where none came, or one that has what is no number: llama.cpp writes null for it. */
export function embeddingTokens(body: unknown): number {
  const { data, usage } = (body ?? {}) as { data?: unknown; usage?: { prompt_tokens?: unknown } }
  const vector = Array.isArray(data) ? (data[0] as { embedding?: unknown } | null)?.embedding : undefined
  const isVector = Array.isArray(vector) && vector.length > 0 && vector.every((each) => typeof each === "number")
  const tokens = usage?.prompt_tokens
  return isVector && typeof tokens === "number" ? tokens : 0
}
