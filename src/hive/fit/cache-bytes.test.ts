import assert from "node:assert/strict"
import { test } from "node:test"
import { HeaderSource } from "../../../test/support/gguf-file.ts"
import { fleetOf, mac } from "../../../test/support/hive-fleets.ts"
import {
  type DenseSizes,
  headerOf,
  LLAMA_3_8B,
  type ModelHeader,
  smallModel,
} from "../../../test/support/hive-models.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { llamaCppRules } from "../engines/llama-cpp.ts"
import { ggufModel } from "../gguf/gguf-model.ts"
import { readGguf } from "../gguf/read-gguf.ts"
import type { ModelFacts } from "../model/model-facts.ts"
import { planModel } from "../plan/plan-model.ts"
import { PreparedFleet } from "../plan/prepared-fleet.ts"
import { cacheTypeProblem } from "./cache-bytes.ts"

async function factsOf(model: ModelHeader): Promise<ModelFacts> {
  const { signal } = new AbortController()
  return ggufModel("model", [await readGguf(new HeaderSource("model.gguf", headerOf(model).header), signal)])
}

/** A cache of many GB in a small file, with heads of so many numbers. */
function withHeads(headSize: number): Promise<ModelFacts> {
  const sizes: Partial<DenseSizes> = { heads: 8, kvHeads: 8, headSize, hidden: 8 * headSize }
  return factsOf(smallModel(LLAMA_3_8B.layers, sizes))
}

test("a cache is kept in blocks only where these divide the keys and values of a head", async () => {
  const [odd, even] = [await withHeads(80), await withHeads(96)]
  assert.equal(cacheTypeProblem(odd, "f16"), null)
  for (const kv of ["q8_0", "q4_0"] as const) {
    assert.equal(cacheTypeProblem(even, kv), null)
    assert.equal(cacheTypeProblem(odd, kv), `its heads have 80 numbers each, and ${kv} keeps blocks of 32`)
  }
  // Where the header does not say, as all heads share the width of a token; and where windows have another size.
  const { metadata, tensors } = smallModel(3, { heads: 4, headSize: 16, hidden: 64 })
  const { "llama.attention.key_length": _, "llama.attention.value_length": __, ...unsaid } = metadata
  assert.match(cacheTypeProblem(await factsOf({ metadata: unsaid, tensors }), "q8_0") ?? "", /have 16 numbers/)
  const usual = smallModel(3)
  const windowed = { ...usual, metadata: { ...usual.metadata, "llama.attention.key_length_swa": 48 } }
  assert.match(cacheTypeProblem(await factsOf(windowed), "q8_0") ?? "", /have 48 numbers/)
})

test("a plan refuses such a cache, and does not propose it", async () => {
  const fleet = new PreparedFleet(fleetOf(mac("studio", 8)))
  const request = { contextTokens: 65_536, slots: 1, kv: "f16", replicas: 1, members: null } as const
  const proposed = async (headSize: number) =>
    planModel(await withHeads(headSize), fleet, llamaCppRules, request).remedies.filter((text) => text.includes("--kv"))
  assert.deepEqual(await proposed(96), ["A smaller cache: it fits with --kv q8_0"])
  assert.deepEqual(await proposed(80), [])
  const odd = await withHeads(80)
  assert.throws(
    () => planModel(odd, fleet, llamaCppRules, { ...request, kv: "q8_0" }),
    (error) =>
      error instanceof WindfallError &&
      error.code === "invalid_input" &&
      /Cannot plan model with a cache of q8_0: its heads have 80 numbers each/.test(error.message),
  )
})
