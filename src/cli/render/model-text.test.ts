import assert from "node:assert/strict"
import { test } from "node:test"
import type { ModelView, ReplicaView } from "../../protocol/model-api.ts"
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
    knowsTools: true,
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

test("that a model takes no tools is told", () => {
  const tools = (knowsTools: boolean) =>
    /\ntools +(.*)\n/.exec(
      modelDetails({ ...MODEL, options: { ...MODEL.options, knowsTools } }, "https://lab:7700", 0),
    )?.[1]
  assert.deepEqual([tools(true), tools(false)], [undefined, "refused: its chat template knows none"])
})

test("a replica that is of how the model was served before is told to be one", () => {
  const replica: ReplicaView = {
    number: 1,
    state: "ending",
    isFormer: true,
    reason: "it is served anew",
    job: null,
    losses: 0,
    nextTryAt: null,
    lastLoss: null,
    readySince: null,
    plan: null,
    engineVersion: null,
    inFlight: 1,
  }
  const shown = (one: ReplicaView) =>
    /\nstate +(.*)\n$/.exec(modelDetails({ ...MODEL, replicas: [one] }, "https://lab:7700", 0))?.[1]
  const { isFormer: _, ...now } = replica
  assert.equal(shown(replica), "ending as it was served before: it is served anew")
  assert.equal(shown({ ...replica, reason: null }), "ending as it was served before")
  assert.equal(shown(now), "ending: it is served anew")
})
