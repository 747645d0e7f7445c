import type { GgufHeader } from "./read-gguf.ts"

/**
 * Tokenizers of llama.cpp that drop nothing of a text and make no one token of what they do not know: byte pairs ("gpt2") and SentencePiece's
 * pairs ("llama"), which fall back to single bytes. WordPiece ("bert") and Unigram ("t5") make one token of any unknown word (llama.cpp,
 * src/llama-vocab.cpp).
 */
const WHOLE: ReadonlySet<unknown> = new Set(["gpt2", "llama"])

/**
 * The most bytes of text that one token of a model can stand for: as long as the longest in its vocabulary. Those of byte pairs are written
 * there with at least one byte for each of theirs, and SentencePiece's with three for a space: no token stands for more.
 * @returns `null` where the header has no vocabulary, or its tokenizer may make less of a text
 */
export function longestTokenBytes({ metadata }: Pick<GgufHeader, "metadata">): number | null {
  const tokens = Object.hasOwn(metadata, "tokenizer.ggml.tokens") ? metadata["tokenizer.ggml.tokens"] : undefined
  if (!WHOLE.has(metadata["tokenizer.ggml.model"]) || !Array.isArray(tokens) || tokens.length === 0) return null
  let longest = 1
  for (const token of tokens) longest = Math.max(longest, typeof token === "string" ? Buffer.byteLength(token) : 0)
  return longest
}
