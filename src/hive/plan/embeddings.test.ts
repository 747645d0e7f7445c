import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { HeaderSource } from "../../../test/support/gguf-file.ts"
import { fleetOf, mac } from "../../../test/support/hive-fleets.ts"
import { headerOf } from "../../../test/support/hive-models.ts"
import { attention, feedForward, publishedHeader, times } from "../../../test/support/published-headers.ts"
import { llamaCppRules } from "../engines/llama-cpp.ts"
import { ggufModel } from "../gguf/gguf-model.ts"
import { readGguf } from "../gguf/read-gguf.ts"
import type { ModelFacts } from "../model/model-facts.ts"
import { makesText } from "../model/purpose.ts"
import { planModel } from "./plan-model.ts"
import { PreparedFleet } from "./prepared-fleet.ts"
import { usualContextTokens } from "./usual-context.ts"

const GIB = 1024 ** 3
const MIB = 1024 ** 2

interface Sizes {
  readonly arch: string
  readonly layers: number
  readonly hidden: number
  readonly heads: number
  readonly kvHeads: number
  readonly forward: number
  readonly vocabulary: number
  readonly context: number
  readonly pooling?: number
}

async function model(name: string, sizes: Sizes): Promise<ModelFacts> {
  const { arch, layers, hidden, heads, kvHeads, forward, vocabulary, context, pooling } = sizes
  const size = hidden / heads
  const keys = {
    context_length: context,
    feed_forward_length: forward,
    "attention.head_count": heads,
    "attention.head_count_kv": kvHeads,
    ...(pooling === undefined ? {} : { pooling_type: pooling }),
  }
  const parts = () => [...attention(hidden, heads, kvHeads, size), ...feedForward(hidden, forward)]
  const spec = { arch, hidden, vocabulary, isTied: true, keys, layers: times(layers, parts) }
  const { header, dataBytes } = headerOf(publishedHeader(spec))
  const source = new HeaderSource(`${name}.gguf`, header, header.length + dataBytes)
  return ggufModel(name, [await readGguf(source, new AbortController().signal)])
}

const BGE_M3: Sizes = {
  arch: "bert",
  layers: 24,
  hidden: 1_024,
  heads: 16,
  kvHeads: 16,
  forward: 4_096,
  vocabulary: 250_002,
  context: 8_192,
  pooling: 2,
}
const QWEN3_EMBEDDING: Sizes = {
  arch: "qwen3",
  layers: 28,
  hidden: 1_024,
  heads: 16,
  kvHeads: 8,
  forward: 3_072,
  vocabulary: 151_669,
  context: 32_768,
  pooling: 3,
}

function plan(facts: ModelFacts, contextTokens = usualContextTokens(facts)) {
  const request = { contextTokens, slots: 4, kv: "f16", replicas: 1, members: null } as const
  const fleet = new PreparedFleet(fleetOf(mac("mini", 16), mac("studio", 64), mac("other", 64)))
  return planModel(facts, fleet, llamaCppRules, request)
}

describe("the plan of a model that makes embeddings", () => {
  it("is one Mac without a cache, and claims no speed", async () => {
    const facts = await model("bge-m3", BGE_M3)
    assert.deepEqual([facts.pooling, facts.isTied], ["cls", false])
    assert.equal(makesText(facts), "embeddings of 1024 numbers, as the first token's")
    const { replicas, alternatives, advice } = plan(facts)
    const [member, ...others] = replicas[0]?.members ?? []
    assert.deepEqual([others.length, member?.cacheBytes, member?.hasOutput], [0, 0, false])
    assert.deepEqual([replicas[0]?.prediction, alternatives], [null, []])
    assert.ok(advice.every((line) => !/token|faster|bandwidth/.test(line)))
  })

  it("has the buffers of a whole text, as it is read at once", async () => {
    const facts = await model("bge-m3", BGE_M3)
    const need = (contextTokens: number) => plan(facts, contextTokens).replicas[0]?.members[0]?.computeBytes ?? 0
    // The mask alone is a number for each two tokens of the context.
    assert.ok(need(8_192) - need(512) > 2 * 8_192 ** 2, `${need(8_192) / MIB} MiB`)
    assert.ok(need(8_192) < 2 * GIB)
    // What is usual is not what it takes at most, where that grows with its square.
    const long = await model("long", { ...BGE_M3, context: 131_072 })
    assert.equal(usualContextTokens(long), 8_192)
  })

  it("keeps a cache, and reads in parts, where the last token's vector is taken", async () => {
    const facts = await model("qwen3-embedding", QWEN3_EMBEDDING)
    assert.equal(facts.pooling, "last")
    const [member] = plan(facts, 32_768).replicas[0]?.members ?? []
    // Keys and values of 8 heads of 64, in 28 layers, each two bytes, in four slots.
    assert.equal(member?.cacheBytes, 2 * 8 * 64 * 28 * 2 * 32_768 * 4)
    assert.ok((member?.computeBytes ?? 0) < GIB)
  })

  it("says what is for texts, what ranks them, and what makes no vector of a whole one", async () => {
    const { pooling: _, ...unsaid } = BGE_M3
    for (const [sizes, pooling, said] of [
      [unsaid, "none", /cannot be served/],
      [{ ...BGE_M3, pooling: 0 }, "none", /cannot be served/],
      [{ ...BGE_M3, pooling: 4 }, "rank", /cannot be served/],
      [{ ...QWEN3_EMBEDDING, pooling: 4 }, "rank", /cannot be served/],
      [{ ...QWEN3_EMBEDDING, pooling: 0 }, null, /^text$/],
      [{ ...BGE_M3, arch: "gemma-embedding", pooling: 1 }, "mean", /as the mean of all tokens/],
    ] as const) {
      const facts = await model("one", sizes)
      assert.equal(facts.pooling, pooling)
      assert.match(makesText(facts), said)
    }
    await assert.rejects(model("odd", { ...BGE_M3, pooling: 7 }), {
      code: "invalid_input",
      message: /pooling_type is 7/,
    })
  })
})
