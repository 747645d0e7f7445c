import assert from "node:assert/strict"
import { test } from "node:test"
import { GatewayScene } from "../../../test/support/gateway-scene.ts"
import type { EngineAsked } from "../../../test/support/scripted-engine.ts"
import type { KeyUsageView } from "../../protocol/key-api.ts"

/** As llama.cpp answers: a vector for each input, its length beside. */
function embed({ body, response }: EngineAsked): void {
  const input = body.input as unknown
  const isOne = typeof input === "string" || typeof (input as unknown[])[0] === "number"
  const inputs = isOne ? [input] : (input as unknown[])
  const data = inputs.map((each, index) => ({
    object: "embedding",
    index,
    embedding: [(each as string | number[]).length, -0.5, 0.25],
  }))
  const usage = { prompt_tokens: 2 * inputs.length, total_tokens: 2 * inputs.length }
  response.end(JSON.stringify({ model: body.model, object: "list", usage, data }))
}

interface Answer {
  readonly model: string
  readonly data: { readonly index: number; readonly embedding: number[] | string }[]
  readonly usage: object
}

async function embeddings(): Promise<GatewayScene> {
  const scene = await GatewayScene.start({ script: embed })
  scene.serve([scene.engine.replica()], { purpose: "embeddings", contextTokens: 64 })
  return scene
}

async function refusal(response: Response): Promise<string> {
  const { error } = (await response.json()) as { error: { message: string; code: string | null; param: string } }
  return `${response.status} ${error.code} ${error.param} ${error.message}`
}

test("a text, texts, tokens of one or of several: each has its vector, as numbers or in base64, with exact usage", async () => {
  await using scene = await embeddings()
  const ask = async (input: unknown, change: object = {}) =>
    (await (await scene.post("/v1/embeddings", { model: "tiny", input, ...change })).json()) as Answer
  const one = await ask("four")
  assert.deepEqual(one.data, [{ object: "embedding", index: 0, embedding: [4, -0.5, 0.25] }])
  assert.deepEqual([one.model, one.usage], ["tiny", { prompt_tokens: 2, total_tokens: 2 }])
  for (const [input, lengths] of [
    [
      ["a", "bcd"],
      [1, 3],
    ],
    [[7, 8, 9, 10], [4]],
    [
      [[7, 8], [9]],
      [2, 1],
    ],
  ] as const) {
    const { data } = await ask(input, { encoding_format: "base64" })
    const floats = data.map(({ embedding }) => {
      const bytes = Buffer.from(embedding as string, "base64")
      return [0, 4, 8].map((at) => bytes.readFloatLE(at))
    })
    assert.deepEqual(
      floats,
      lengths.map((length) => [length, -0.5, 0.25]),
    )
    assert.deepEqual(
      data.map(({ index }) => index),
      lengths.map((_, at) => at),
    )
  }
  const long = new Array(5_000).fill(7)
  const refused = await scene.post("/v1/embeddings", { model: "tiny", input: long })
  assert.match(await refusal(refused), /^400 context_length_exceeded input .* is 64 tokens\..* more than 64 tokens/)
  scene.serve([scene.engine.replica()], { purpose: "embeddings", contextTokens: 8_192 })
  assert.equal((await ask(long)).data.length, 1)
  assert.ok(scene.engine.asked.every(({ body }) => body.encoding_format === "float"))
  const { rows } = await scene.server.call<KeyUsageView>("GET", "/v1/keys/usage")
  assert.deepEqual(
    rows.map(({ requests, promptTokens, completionTokens }) => [requests, promptTokens, completionTokens]),
    [[5, 14, 0]],
  )
})

test("what cannot be embedded is refused in words, before the engine where that is known", async () => {
  await using scene = await embeddings()
  const ask = async (change: object) =>
    refusal(await scene.post("/v1/embeddings", { model: "tiny", input: "x", ...change }))
  for (const input of ["", [], [""], ["a", 1], [[]], [-1], [1.5], {}, undefined, new Array(2_049).fill("a")])
    assert.match(await ask({ input }), /^400 null input 'input' must/)
  assert.match(await ask({ encoding_format: "int8" }), /^400 null encoding_format /)
  for (const dimensions of [0, -3, 1.5, "3"])
    assert.match(await ask({ dimensions }), /^400 null dimensions 'dimensions' must/)
  assert.equal(scene.engine.asked.length, 0)
  assert.match(await ask({ dimensions: 2 }), /^400 null dimensions 'dimensions' cannot be chosen: this model has 3$/)
  assert.equal((await scene.post("/v1/embeddings", { model: "tiny", input: "x", dimensions: 3 })).status, 200)
})

test("a text that is too long is refused in the gateway's words, whichever of its own an engine has for it", async () => {
  await using scene = await embeddings()
  const error = { code: 400, message: "input (102 tokens) is larger than the max context size (64 tokens). skipping" }
  for (const [status, said, tokens] of [
    [400, { ...error, type: "exceed_context_size_error", n_prompt_tokens: 102, n_ctx: 256 }, 102],
    [
      500,
      {
        code: 500,
        message:
          "input (1002 tokens) is too large to process. increase the physical batch size (current batch size: 512)",
        type: "server_error",
      },
      1002,
    ],
  ] as const) {
    scene.engine.script = ({ response }) => void response.writeHead(status).end(JSON.stringify({ error: said }))
    assert.equal(
      await refusal(await scene.post("/v1/embeddings", { model: "tiny", input: "long" })),
      `400 context_length_exceeded input This model's maximum context length is 64 tokens. However, your input resulted in ${tokens} tokens. Please reduce the length of the input.`,
    )
  }
  assert.deepEqual(scene.failures, [])
})

test("who asks a model of embeddings for text is told in each dialect, and the model is not woken for that", async () => {
  await using scene = await embeddings()
  scene.serve([], { purpose: "embeddings" })
  const messages = [{ role: "user", content: "Hi" }]
  for (const [path, body] of [
    ["/v1/chat/completions", { messages }],
    ["/v1/completions", { prompt: "Hi" }],
    ["/v1/responses", { input: "Hi" }],
    ["/v1/messages", { messages, max_tokens: 5 }],
  ] as const)
    for (const stream of [false, true]) {
      const response = await scene.post(path, { model: "tiny", ...body, stream })
      const said = (await response.json()) as { type?: string; error: { message: string; type: string } }
      assert.match(said.error.message, /^The model `tiny` makes embeddings and writes no text: send 'input' to /, path)
      assert.deepEqual([response.status, said.error.type], [400, "invalid_request_error"], path)
      assert.equal(said.type, path === "/v1/messages" ? "error" : undefined)
    }
  assert.deepEqual([scene.wakes, scene.engine.asked.length], [0, 0])
})

test("a model that makes no embeddings says so in the same words, whatever its engine says, and is not woken where that is known", async () => {
  await using scene = await embeddings()
  const ask = async () => refusal(await scene.post("/v1/embeddings", { model: "tiny", input: "x" }))
  const said = /^501 not_supported model The model `tiny` makes no embeddings: .* a model that was made for embeddings$/
  for (const [code, type, message] of [
    [501, "not_supported_error", "This server does not support embeddings. Start it with `--embeddings`"],
    [400, "invalid_request_error", "Pooling type 'none' is not OAI compatible. Please use a different pooling type"],
  ] as const) {
    scene.engine.script = ({ response }) =>
      void response.writeHead(code).end(JSON.stringify({ error: { code, type, message } }))
    assert.match(await ask(), said)
  }
  scene.engine.script = ({ response }) =>
    void response.writeHead(400).end('{"error":{"code":400,"message":"Prompt contains invalid tokens"}}')
  assert.equal(await ask(), "400 null null Prompt contains invalid tokens")
  scene.serve([], { purpose: "text" })
  assert.match(await ask(), said)
  assert.equal(scene.wakes, 0)
})

test("what a model is for, and its context, is in the lists of both dialects", async () => {
  await using scene = await embeddings()
  for (const headers of [{}, { "anthropic-version": "2023-06-01" }]) {
    const list = (await (await scene.get("/v1/models", headers)).json()) as { data: object[] }
    const one = (await (await scene.get("/v1/models/tiny", headers)).json()) as object
    assert.deepEqual(list.data, [one])
    const { purpose, context_length } = one as { purpose: string; context_length: number }
    assert.deepEqual([purpose, context_length], ["embeddings", 64])
  }
})
