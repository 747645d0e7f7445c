import assert from "node:assert/strict"
import { test } from "node:test"
import { longestTokenBytes } from "./longest-token.ts"

const header = (model: string, tokens: readonly string[]) => ({
  metadata: { "tokenizer.ggml.model": model, "tokenizer.ggml.tokens": tokens },
})

test("the longest token is that of a vocabulary which makes nothing of a text go away, in bytes", () => {
  assert.equal(longestTokenBytes(header("gpt2", ["a", "ĠĠĠ", "abcd"])), 6)
  assert.equal(longestTokenBytes(header("llama", ["▁▁", "<unk>"])), 6)
  assert.equal(longestTokenBytes(header("bert", ["a"])), null)
  assert.equal(longestTokenBytes(header("t5", ["a"])), null)
  assert.equal(longestTokenBytes(header("gpt2", [])), null)
  assert.equal(longestTokenBytes({ metadata: {} }), null)
})
