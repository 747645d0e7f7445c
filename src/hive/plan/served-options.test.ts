import assert from "node:assert/strict"
import { test } from "node:test"
import { layeredModel } from "../../../test/support/hive-fleets.ts"
import type { ServeRequest } from "../../protocol/model-api.ts"
import { servedOptions } from "./served-options.ts"

const AS_BEFORE: ServeRequest = {
  ...{ data: null, file: null, engine: null, replicas: null, contextTokens: null, slots: null, kv: null },
  ...{ idleStopMs: null, pins: null, trustsNetwork: null, images: null },
}

test("other files take their own engine, without what only the former one had; the rest stays", () => {
  const plain = layeredModel([1_000, 1_000])
  const cache = [{ kind: "attention", keyElements: 1_024, valueElements: 1_024, windowTokens: null }] as const
  const gguf = { ...plain, layers: plain.layers.map((layer) => ({ ...layer, cache })) }
  const mlx = { ...gguf, format: "safetensors" } as const
  const before = servedOptions("n1", gguf, { ...AS_BEFORE, kv: "q8_0", slots: 2 }, undefined)
  assert.deepEqual([before.engine, before.kv], ["llama.cpp", "q8_0"])
  const after = servedOptions("n1", mlx, { ...AS_BEFORE, data: "mlx-model" }, before)
  assert.deepEqual([after.engine, after.kv, after.slots], ["mlx", "f16", 2])
  assert.equal(servedOptions("n1", gguf, { ...AS_BEFORE, data: "other" }, before).kv, "q8_0")
  assert.throws(() => servedOptions("n1", mlx, { ...AS_BEFORE, engine: "llama.cpp" }, before), /with llama.cpp/)
})
