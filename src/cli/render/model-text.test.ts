import assert from "node:assert/strict"
import { test } from "node:test"
import type { ModelView } from "../../protocol/model-api.ts"
import { modelDetails } from "./model-text.ts"

const MODEL: ModelView = {
  name: "qwen",
  user: "anna",
  state: "ready",
  reason: null,
  weights: { data: "qwen", version: 1, file: "qwen.gguf", bytes: 5e9 },
  options: {
    replicas: 1,
    engine: "llama.cpp",
    contextTokens: 4096,
    slots: 4,
    kv: "f16",
    idleStopMs: 900_000,
    pins: [],
    trustsNetwork: false,
    images: false,
    purpose: "text",
    longestTokenBytes: null,
  },
  createdAt: 0,
  usedAt: 100_000,
  replicas: [],
}

test("when a model was used last is told as ages are: without more than matters", () => {
  const used = (now: number) => /\nused +(.*)\n/.exec(modelDetails(MODEL, "https://lab:7700", now))?.[1]
  assert.equal(used(182_671), "1m ago")
  assert.equal(used(112_340), "12 s ago")
  // A clock that is behind the server's.
  assert.equal(used(90_000), "0 s ago")
})
