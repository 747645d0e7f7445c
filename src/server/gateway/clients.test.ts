import assert from "node:assert/strict"
import { test } from "node:test"
import Anthropic from "@anthropic-ai/sdk"
import OpenAI from "openai"
import { GatewayScene } from "../../../test/support/gateway-scene.ts"
import {
  beginStream,
  chatChunk,
  data,
  endOfStream,
  streamCalls,
  streamWords,
  USAGE,
} from "../../../test/support/scripted-engine.ts"

const PARAMETERS = { type: "object", properties: { city: { type: "string" } } } as const
const MESSAGES = [{ role: "user" as const, content: "Weather in Bonn?" }]
const CALLS = [
  { name: "weather", pieces: ['{"ci', 'ty": "Bo', 'nn"}'] },
  { name: "clock", pieces: ["{}"] },
]

const openAi = (scene: GatewayScene, apiKey = scene.key) =>
  new OpenAI({ baseURL: `${scene.url}/v1`, apiKey, maxRetries: 0 })
const anthropic = (scene: GatewayScene, apiKey = scene.key) =>
  new Anthropic({ baseURL: scene.url, apiKey, maxRetries: 0 })

test("OpenAI's SDK: chats, whole and streamed, with usage, and calls of tools", async () => {
  await using scene = await GatewayScene.start()
  const client = openAi(scene)
  assert.deepEqual(
    (await client.models.list()).data.map(({ id }) => id),
    ["tiny"],
  )
  const whole = await client.chat.completions.create({ model: "tiny", messages: MESSAGES })
  assert.equal(whole.choices[0]?.message.content, "Hello world")
  assert.deepEqual([whole.model, whole.usage?.prompt_tokens, whole.usage?.completion_tokens], ["tiny", 11, 2])
  const stream = client.chat.completions.stream({
    model: "tiny",
    messages: MESSAGES,
    stream_options: { include_usage: true },
  })
  const final = await stream.finalChatCompletion()
  assert.equal(final.choices[0]?.message.content, "Hello world")
  assert.equal(final.usage?.total_tokens, 13)
  scene.engine.script = (asked) => streamCalls(asked, CALLS)
  const tools = [
    { type: "function" as const, function: { name: "weather", parameters: PARAMETERS } },
    { type: "function" as const, function: { name: "clock", parameters: { type: "object" } } },
  ]
  const called = await client.chat.completions
    .stream({ model: "tiny", messages: MESSAGES, tools })
    .finalChatCompletion()
  assert.deepEqual(
    called.choices[0]?.message.tool_calls?.map((call) => call.type === "function" && call.function.arguments),
    ['{"city": "Bonn"}', "{}"],
  )
})

test("OpenAI's SDK: responses, whole and streamed, with calls of tools", async () => {
  await using scene = await GatewayScene.start()
  const client = openAi(scene)
  const whole = await client.responses.create({ model: "tiny", input: "Hi", instructions: "Be short" })
  assert.deepEqual([whole.output_text, whole.status, whole.usage?.input_tokens], ["Hello world", "completed", 11])
  const stream = client.responses.stream({ model: "tiny", input: [{ role: "user", content: "Hi" }] })
  const deltas: string[] = []
  stream.on("response.output_text.delta", ({ delta }) => deltas.push(delta))
  const final = await stream.finalResponse()
  assert.deepEqual([deltas, final.output_text, final.usage?.output_tokens], [["Hello", " world"], "Hello world", 2])
  scene.engine.script = (asked) => streamCalls(asked, CALLS)
  const tools = [{ type: "function" as const, name: "weather", parameters: PARAMETERS, strict: false }]
  const called = await client.responses.stream({ model: "tiny", input: "Hi", tools }).finalResponse()
  assert.deepEqual(
    called.output.map((item) => item.type === "function_call" && [item.name, item.arguments, item.call_id]),
    [
      ["weather", '{"city": "Bonn"}', "call_0"],
      ["clock", "{}", "call_1"],
    ],
  )
})

test("OpenAI's SDK: a response that came to its most tokens is incomplete, and so is its message", async () => {
  const choice = { index: 0, message: { role: "assistant", content: "One two" }, finish_reason: "length" }
  await using scene = await GatewayScene.start({
    script: (asked) => {
      if (asked.body.stream !== true)
        return void asked.response.end(JSON.stringify({ object: "chat.completion", choices: [choice], usage: USAGE }))
      const response = beginStream(asked)
      for (const content of ["One", " two"]) response.write(data(chatChunk({ content })))
      response.end(data(chatChunk({}, "length")) + endOfStream())
    },
  })
  const client = openAi(scene)
  const asked = { model: "tiny", input: "Count", max_output_tokens: 2 }
  const whole = await client.responses.create(asked)
  const stream = client.responses.stream(asked)
  const items: unknown[] = []
  stream.on("response.output_item.done", ({ item }) => items.push("status" in item && item.status))
  for (const { status, output, output_text } of [whole, await stream.finalResponse()]) {
    const [item] = output
    assert.deepEqual([status, item?.type, output_text], ["incomplete", "message", "One two"])
    assert.equal(item?.type === "message" && item.status, "incomplete")
  }
  assert.deepEqual(items, ["incomplete"])
})

test("OpenAI's SDK: embeddings, which it asks for in base64", async () => {
  await using scene = await GatewayScene.start({
    script: ({ response, body }) => {
      assert.equal(body.encoding_format, "float")
      const data = [{ object: "embedding", index: 0, embedding: [0.5, -1.25, 3] }]
      response.end(JSON.stringify({ object: "list", data, model: "x", usage: { prompt_tokens: 3, total_tokens: 3 } }))
    },
  })
  scene.serve([scene.engine.replica()], { purpose: "embeddings" })
  const { data, usage } = await openAi(scene).embeddings.create({ model: "tiny", input: "Hi" })
  assert.deepEqual([data[0]?.embedding, usage.prompt_tokens], [[0.5, -1.25, 3], 3])
})

test("Anthropic's SDK: messages, whole and streamed, with calls of tools and their results", async () => {
  await using scene = await GatewayScene.start()
  const client = anthropic(scene)
  assert.deepEqual(
    (await client.models.list()).data.map(({ id }) => id),
    ["tiny"],
  )
  const asked = { model: "tiny", max_tokens: 50, messages: MESSAGES }
  const whole = await client.messages.create({ ...asked, system: "Be short" })
  assert.deepEqual(whole.content, [{ type: "text", text: "Hello world" }])
  assert.deepEqual([whole.stop_reason, whole.usage.input_tokens, whole.usage.output_tokens], ["end_turn", 7, 2])
  const final = await client.messages.stream(asked).finalMessage()
  assert.deepEqual(final.content, [{ type: "text", text: "Hello world" }])
  assert.deepEqual([final.usage.input_tokens, final.usage.cache_read_input_tokens], [7, 4])
  scene.engine.script = (engine) => streamCalls(engine, CALLS)
  const tools = [{ name: "weather", input_schema: PARAMETERS as Anthropic.Tool.InputSchema }]
  for (const message of [
    await client.messages.stream({ ...asked, tools }).finalMessage(),
    await client.messages.create({ ...asked, tools }),
  ]) {
    assert.equal(message.stop_reason, "tool_use")
    assert.deepEqual(
      message.content.map((block) => block.type === "tool_use" && [block.id, block.name, block.input]),
      [
        ["call_0", "weather", { city: "Bonn" }],
        ["call_1", "clock", {}],
      ],
    )
  }
  scene.engine.script = (engine) => streamWords(engine, ["Rain"])
  await client.messages.create({
    ...asked,
    tools,
    messages: [
      ...MESSAGES,
      { role: "assistant", content: [{ type: "tool_use", id: "call_0", name: "weather", input: { city: "Bonn" } }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "call_0", content: "rain" }] },
    ],
  })
  assert.deepEqual((scene.engine.asked.at(-1)!.body.messages as object[]).slice(1), [
    {
      role: "assistant",
      content: null,
      tool_calls: [{ id: "call_0", type: "function", function: { name: "weather", arguments: '{"city":"Bonn"}' } }],
    },
    { role: "tool", tool_call_id: "call_0", content: "rain" },
  ])
})

test("both SDKs know errors by their classes, also within a stream", async () => {
  await using scene = await GatewayScene.start()
  const chat = { model: "tiny", messages: MESSAGES }
  const messages = { ...chat, max_tokens: 5 }
  await assert.rejects(openAi(scene, "sk-no").chat.completions.create(chat), OpenAI.AuthenticationError)
  await assert.rejects(anthropic(scene, "sk-no").messages.create(messages), Anthropic.AuthenticationError)
  await assert.rejects(openAi(scene).chat.completions.create({ ...chat, model: "tinny" }), (error: unknown) => {
    assert.ok(error instanceof OpenAI.NotFoundError)
    assert.match(error.message, /`tinny` does not exist .* mean `tiny`/)
    return true
  })
  await assert.rejects(anthropic(scene).messages.create({ ...messages, model: "none" }), Anthropic.NotFoundError)
  await assert.rejects(anthropic(scene).messages.countTokens(chat), { status: 501 })
  scene.engine.script = (asked) => {
    asked.response.writeHead(200, { "content-type": "text/event-stream" })
    asked.response.write('data: {"choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n', () =>
      asked.response.destroy(),
    )
  }
  const seen: unknown[] = []
  const broken = (async () => {
    const stream = await openAi(scene).chat.completions.create({ ...chat, stream: true })
    for await (const chunk of stream) seen.push(chunk.choices[0]?.delta.content)
  })()
  await assert.rejects(broken, /answer of tiny was lost/)
  assert.deepEqual(seen, ["Hel"])
  await assert.rejects(anthropic(scene).messages.stream(messages).finalMessage(), /answer of tiny was lost/)
})
