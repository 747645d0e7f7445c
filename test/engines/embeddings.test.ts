/** Embedding models behind the whole of it, by the real llama.cpp: an encoder, and one that reads as models that write do. */
import assert from "node:assert/strict"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { after, before, describe, it } from "node:test"
import OpenAI from "openai"
import type { KeyView } from "../../src/protocol/key-api.ts"
import type { ModelView } from "../../src/protocol/model-api.ts"
import { findLlamaCpp, putLlamaCpp } from "../support/llama-cpp.ts"
import { type Pool, startPool } from "../support/pool.ts"
import { writeRandomBert } from "../support/random-bert.ts"
import { writeRandomGguf } from "../support/random-gguf.ts"

const found = await findLlamaCpp()

describe("embedding models served by the real llama.cpp", {
  skip: "lacking" in found && found.lacking,
  timeout: 120_000,
}, () => {
  let pool: Pool
  let project: string
  let key: string
  before(async () => {
    pool = await startPool({ hosts: 1 })
    if ("folder" in found) putLlamaCpp(pool.hosts[0]!.files, found.folder)
    project = join(pool.scratch.at("home"), "project")
    mkdirSync(project, { recursive: true })
    key = (await pool.api<KeyView & { key: string }>("POST", "/v1/keys", { name: "app" })).key
  })
  after(() => pool[Symbol.asyncDispose]())

  const client = () => new OpenAI({ apiKey: key, baseURL: `${pool.url}/v1`, maxRetries: 0 })
  const embed = async (model: string, input: string | string[] | number[] | number[][], dimensions?: number) => {
    const { data, usage } = await client().embeddings.create({
      model,
      input,
      ...(dimensions === undefined ? {} : { dimensions }),
    })
    return { vectors: data.map(({ embedding }) => embedding), tokens: usage.prompt_tokens }
  }

  it("makes the same vectors of texts and of their tokens, alone and in lists, and refuses what it cannot do", async () => {
    // Longer than llama.cpp's usual batch.
    writeRandomBert(join(project, "bert.gguf"), { contextTokens: 1_024 })
    const served = await pool.windfall(["model", "serve", "bert", "bert.gguf", "--slots", "2"])
    assert.equal(served.exitCode, 0, served.stderr)
    const one = await embed("bert", "the weather")
    assert.deepEqual([one.vectors.length, one.vectors[0]?.length, one.tokens], [1, 64, 4])
    const length = Math.hypot(...one.vectors[0]!)
    assert.ok(Math.abs(length - 1) < 1e-3, `its length is ${length}`)
    const more = await embed("bert", ["a model", "the weather", "rome"])
    assert.equal(more.tokens, 4 + 4 + 3)
    isNear(more.vectors[1]!, one.vectors[0]!)
    assert.ok(distance(more.vectors[0]!, one.vectors[0]!) > 0.01, "another text")
    // Word pieces of "the", and of "weather".
    const tokens = await embed("bert", [[86, 87], [86]])
    assert.equal(tokens.vectors.length, 2)
    const plain = await client().embeddings.create({ model: "bert", input: "the weather", encoding_format: "float" })
    isNear(plain.data[0]!.embedding, one.vectors[0]!)

    const whole = await embed("bert", "a ".repeat(1_022))
    assert.equal(whole.tokens, 1_024)
    for (const words of [1_023, 3_000])
      await assert.rejects(embed("bert", ["rome", "a ".repeat(words)]), {
        status: 400,
        code: "context_length_exceeded",
        message: new RegExp(`This model's maximum context length is 1024 tokens. .* ${words + 2} tokens`),
      })
    await assert.rejects(embed("bert", "rome", 32), { status: 400, message: /this model has 64$/ })
    await assert.rejects(embed("bert", [[1_000_000]]), { status: 400, message: /invalid tokens/ })
    const asked = { model: "bert", messages: [{ role: "user" as const, content: "Hi" }] }
    await assert.rejects(client().chat.completions.create(asked), { status: 400, message: /writes no text/ })
    const listed = (await client().models.retrieve("bert")) as unknown as { purpose: string }
    assert.equal(listed.purpose, "embeddings")
    const shown = await pool.windfall(["model", "show", "bert"])
    assert.match(shown.stdout, /^makes +embeddings$/m)
    assert.doesNotMatch(shown.stdout, /tokens\/s/)
    assert.match((await pool.windfall(["model", "ls"])).stdout, /^bert +ready +1\/1 +llama\.cpp +embeddings /m)
    const chat = await pool.windfall(["chat"])
    assert.notEqual(chat.exitCode, 0)
    assert.match(chat.stderr, /no model that writes text is served/)
    // Several at a time share a batch.
    const many = await embed("bert", new Array<string>(40).fill("the weather"))
    for (const vector of many.vectors) isNear(vector, one.vectors[0]!)
    assert.equal((await pool.windfall(["model", "stop", "bert"])).exitCode, 0)
  })

  it("serves what takes the last token's vector, also of texts that are longer than a batch", async () => {
    writeRandomGguf(join(project, "last.gguf"), { architecture: "qwen3", layers: 2, pooling: 3 })
    const served = await pool.windfall(["model", "serve", "last", "last.gguf", "--slots", "2", "--context", "2k"])
    assert.equal(served.exitCode, 0, served.stderr)
    const long = await embed("last", new Array<number>(1_500).fill(65))
    assert.deepEqual([long.vectors[0]?.length, long.tokens], [64, 1_500])
    await assert.rejects(embed("last", new Array<number>(2_500).fill(65)), {
      status: 400,
      message: /maximum context length is 2048 tokens. .* more than 2048 tokens/,
    })
    assert.equal((await pool.windfall(["model", "stop", "last"])).exitCode, 0)
  })

  it("does not serve rerankers, nor what makes no vector of a whole text, and says so", async () => {
    for (const [pooling, said] of [
      [4, /rerankers are not served/],
      [null, /does not say how one vector is made of a text \(bert\.pooling_type\)/],
    ] as const) {
      const name = pooling === 4 ? "ranks" : "none"
      writeRandomBert(join(project, `${name}.gguf`), { pooling })
      const refused = await pool.windfall(["model", "serve", name, `${name}.gguf`])
      assert.notEqual(refused.exitCode, 0)
      assert.match(refused.stderr, said)
    }
    const { models } = await pool.api<{ models: ModelView[] }>("GET", "/v1/hives")
    assert.deepEqual(
      models.map(({ name }) => name),
      ["bert", "last"],
    )
  })
})

function distance(a: readonly number[], b: readonly number[]): number {
  return Math.hypot(...a.map((each, at) => each - b[at]!))
}

/** Sums are added up in another order where several texts share a batch. */
function isNear(a: readonly number[], b: readonly number[]): void {
  assert.ok(distance(a, b) < 1e-2, `they are ${distance(a, b)} apart`)
}
