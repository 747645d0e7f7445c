import assert from "node:assert/strict"
import { test } from "node:test"
import Anthropic from "@anthropic-ai/sdk"
import OpenAI from "openai"
import { GatewayScene } from "../../../test/support/gateway-scene.ts"
import { plainPng } from "../../../test/support/plain-png.ts"
import { beginStream, chatChunk, data, endOfStream, streamWords } from "../../../test/support/scripted-engine.ts"

const PNG = plainPng(1).toString("base64")
const URL_OF_PNG = `data:image/png;base64,${PNG}`

const openAi = (scene: GatewayScene) => new OpenAI({ baseURL: `${scene.url}/v1`, apiKey: scene.key, maxRetries: 0 })
const anthropic = (scene: GatewayScene) => new Anthropic({ baseURL: scene.url, apiKey: scene.key, maxRetries: 0 })

test("pictures reach the engine as data, from all three dialects", async () => {
  await using scene = await GatewayScene.start()
  const picture = { type: "image_url" as const, image_url: { url: URL_OF_PNG } }
  await openAi(scene).chat.completions.create({
    model: "tiny",
    messages: [{ role: "user", content: [{ type: "text", text: "What is it?" }, picture] }],
  })
  await openAi(scene).responses.create({
    model: "tiny",
    input: [{ role: "user", content: [{ type: "input_image", image_url: URL_OF_PNG, detail: "auto" }] }],
  })
  const source = { type: "base64" as const, media_type: "image/png" as const, data: PNG }
  await anthropic(scene).messages.create({
    model: "tiny",
    max_tokens: 5,
    messages: [{ role: "user", content: [{ type: "image", source }] }],
  })
  for (const { body } of scene.engine.asked) {
    const [message] = body.messages as [{ content: object[] }]
    assert.deepEqual(message.content.at(-1), picture)
  }
  assert.equal(scene.engine.asked.length, 3)
})

test("Anthropic's SDK: blocks of the system, stop sequences, and thinking, shown only where it was asked for", async () => {
  await using scene = await GatewayScene.start({
    script: (asked) => {
      const response = beginStream(asked)
      for (const delta of [{ reasoning_content: "Hm" }, { reasoning_content: "m" }, { content: "Yes" }])
        response.write(data(chatChunk(delta)))
      response.end(data(chatChunk({}, "stop")) + endOfStream())
    },
  })
  const { messages } = anthropic(scene)
  const asked = {
    model: "tiny",
    max_tokens: 2_000,
    stop_sequences: ["END"],
    system: [
      { type: "text" as const, text: "Be short", cache_control: { type: "ephemeral" as const } },
      { type: "text" as const, text: "Be kind" },
    ],
    messages: [{ role: "user" as const, content: "Really?" }],
  }
  const thinking = { type: "enabled" as const, budget_tokens: 1_024 }
  const shown = await messages.stream({ ...asked, thinking }).finalMessage()
  assert.deepEqual(
    shown.content.map((block) => (block.type === "thinking" ? block.thinking : block.type === "text" && block.text)),
    ["Hmm", "Yes"],
  )
  assert.equal((await messages.stream(asked).finalMessage()).content.length, 1)
  const [first, second] = scene.engine.asked.map(({ body }) => body)
  assert.deepEqual((first!.messages as object[])[0], { role: "system", content: "Be short\nBe kind" })
  assert.deepEqual([first!.stop, first!.chat_template_kwargs], [["END"], { enable_thinking: true }])
  assert.equal(second!.chat_template_kwargs, undefined)
})

test("a stream that a client of either SDK gives up ends at the engine", async () => {
  let left = Promise.withResolvers<void>()
  await using scene = await GatewayScene.start({
    script: (asked) => {
      const response = beginStream(asked)
      response.once("close", () => left.resolve())
      response.write(data(chatChunk({ content: "Hel" })))
    },
  })
  const messages = [{ role: "user" as const, content: "Hi" }]
  const streams = [
    () => openAi(scene).chat.completions.create({ model: "tiny", messages, stream: true }),
    () => openAi(scene).responses.create({ model: "tiny", input: "Hi", stream: true }),
    () => anthropic(scene).messages.create({ model: "tiny", max_tokens: 5, messages, stream: true }),
  ]
  for (const start of streams) {
    left = Promise.withResolvers()
    const stream = await start()
    await stream[Symbol.asyncIterator]().next()
    stream.controller.abort()
    await left.promise
  }
  assert.deepEqual(scene.failures, [], "no replica is to blame")
})

test("log probabilities and what else an engine sends reach the client as they are", async () => {
  await using scene = await GatewayScene.start()
  const logprobs = { content: [{ token: "Hi", logprob: -0.25, bytes: [72, 105], top_logprobs: [] }] }
  const choices = [{ index: 0, message: { role: "assistant", content: "Hi" }, logprobs, finish_reason: "stop" }]
  scene.engine.script = ({ response }) =>
    void response.end(JSON.stringify({ id: "x", object: "chat.completion", created: 1, choices, timings: { ms: 1 } }))
  const asked = {
    model: "tiny",
    messages: [{ role: "user" as const, content: "Hi" }],
    logprobs: true,
    top_logprobs: 0,
  }
  const whole = await openAi(scene).chat.completions.create(asked)
  assert.deepEqual(whole.choices, choices)
  assert.deepEqual((whole as { timings?: object }).timings, { ms: 1 })
  scene.engine.script = (each) => streamWords(each, ["fine"])
  const { response, data: answer } = await openAi(scene)
    .chat.completions.create({ ...asked, store: true, metadata: { a: "b" }, user: "u" })
    .withResponse()
  assert.equal(answer.choices[0]?.message.content, "fine")
  assert.equal(response.headers.get("x-windfall-ignored"), "store, metadata, user")
})
