import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { HeaderSource, type MetaValue } from "../../../test/support/gguf-file.ts"
import { headerOf, type ModelHeader, smallModel } from "../../../test/support/hive-models.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { ggufModel } from "./gguf-model.ts"
import { readGguf } from "./read-gguf.ts"

/** 256 numbers a token, 4 heads and 2 of keys and values, of 64. */
const SMALL = (architecture = "llama") => smallModel(4, { architecture })

function told(model: ModelHeader, keys: Readonly<Record<string, MetaValue | undefined>>): ModelHeader {
  const arch = model.metadata["general.architecture"] as string
  const metadata: Record<string, MetaValue | undefined> = { ...model.metadata }
  for (const [key, value] of Object.entries(keys)) metadata[`${arch}.${key}`] = value
  const known = Object.entries(metadata).filter((entry): entry is [string, MetaValue] => entry[1] !== undefined)
  return { ...model, metadata: Object.fromEntries(known) }
}

async function read(model: ModelHeader): Promise<unknown> {
  return ggufModel("m", [
    await readGguf(new HeaderSource("m.gguf", headerOf(model).header), AbortSignal.timeout(60_000)),
  ])
}

async function refused(model: ModelHeader, reason: RegExp): Promise<void> {
  await assert.rejects(read(model), (error) => {
    assert.ok(error instanceof WindfallError && error.code === "invalid_input", String(error))
    assert.match(error.message, reason)
    assert.match(error.hint ?? "", /Fetch it again/)
    return true
  })
}

describe("a header that contradicts its tensors is refused", () => {
  it("by the length of embeddings, with both numbers", async () => {
    const wide = told(SMALL(), { embedding_length: 512 })
    await refused(wide, /header is damaged: llama\.embedding_length is 512, and token_embd\.weight has 256$/)
  })

  it("by heads of keys and values, their sizes, and one layer's of a list", async () => {
    const eight = told(SMALL(), { "attention.head_count_kv": 8 })
    await refused(eight, /head_count_kv is 8, which makes 512 with heads of 64, and blk\.0\.attn_k\.weight has 128$/)
    const long = told(SMALL("qwen3"), { "attention.value_length": 128 })
    await refused(long, /head_count_kv is 2, which makes 256 with heads of 128, and blk\.0\.attn_v\.weight has 128$/)
    const none = told(SMALL(), { "attention.head_count_kv": undefined })
    await refused(
      none,
      /attention\.head_count is 4, which makes 256 with heads of 64, and blk\.0\.attn_k\.weight has 128$/,
    )
    const list = told(SMALL("granitehybrid"), { "attention.head_count_kv": [2, 2, 1, 2] })
    await refused(list, /head_count_kv is 1, which makes 64 with heads of 64, and blk\.2\.attn_k\.weight has 128$/)
  })
})

describe("what is not certain is no contradiction", () => {
  const fine: readonly (readonly [name: string, model: ModelHeader])[] = [
    ["sizes that follow from the heads", told(SMALL(), { "attention.key_length": undefined })],
    [
      "heads in windows of another size",
      told(SMALL("gemma3"), {
        "attention.key_length": 128,
        "attention.value_length": 128,
        "attention.key_length_swa": 64,
        "attention.value_length_swa": 64,
      }),
    ],
    ["a layer without a cache", told(SMALL("jamba"), { "attention.head_count_kv": [2, 0, 2, 2] })],
    ["compressed keys", told(SMALL(), { "attention.head_count_kv": 1, "attention.kv_lora_rank": 64 })],
    ["an architecture of other layers", told(SMALL("kimi-linear"), { "attention.head_count_kv": 1 })],
    ["one that nobody knows", told(SMALL("not-yet-known"), { embedding_length: 512 })],
  ]
  for (const [name, model] of fine) it(name, async () => assert.ok(await read(model)))
})
