import assert from "node:assert/strict"
import { test } from "node:test"
import { GatewayScene } from "../../../test/support/gateway-scene.ts"
import {
  beginStream,
  chatChunk,
  data,
  endOfStream,
  streamCalls,
  streamWords,
} from "../../../test/support/scripted-engine.ts"
import { llamaCppAdapter } from "../../hive/engines/llama-cpp-adapter.ts"
import { mlxAdapter } from "../../hive/engines/mlx-adapter.ts"

const messages = [{ role: "user", content: "Hi" }]
const SCHEMA = { type: "object", properties: { city: { type: "string" } }, required: ["city"] }
const NAMES = ["look", "clock"]
const chatTools = NAMES.map((name) => ({ type: "function", function: { name, parameters: SCHEMA } }))

test("a tool that must be called is the only one an engine sees, and it must call: engines know no tool by its name", async () => {
  await using scene = await GatewayScene.start({
    script: (asked) => streamCalls(asked, [{ name: "clock", pieces: ["{}"] }]),
  })
  const chat = { messages, tools: chatTools, tool_choice: { type: "function", function: { name: "clock" } } }
  const flat = NAMES.map((name) => ({ type: "function", name, parameters: SCHEMA }))
  const response = { input: "Hi", tools: flat, tool_choice: { type: "function", name: "clock" } }
  const own = NAMES.map((name) => ({ name, input_schema: SCHEMA }))
  const message = { messages, max_tokens: 50, tools: own, tool_choice: { type: "tool", name: "clock" } }
  for (const [path, body] of [
    ["/v1/chat/completions", chat],
    ["/v1/chat/completions", { ...chat, n: 2 }],
    ["/v1/responses", response],
    ["/v1/messages", message],
  ] as const) {
    assert.equal((await scene.post(path, { model: "tiny", ...body })).status, 200, path)
    const { tools, tool_choice } = scene.engine.asked.at(-1)!.body
    assert.deepEqual([tools, tool_choice], [[chatTools[1]], "required"], path)
  }
  const format = { type: "json_schema", json_schema: { name: "x", schema: SCHEMA } }
  await scene.chat({ tools: chatTools, tool_choice: "required", response_format: format })
  const { tools, response_format } = scene.engine.asked.at(-1)!.body
  assert.deepEqual([tools, response_format], [chatTools, undefined], "a format holds words, of which there are none")
  await scene.chat({ tools: chatTools, tool_choice: "auto", response_format: format })
  assert.deepEqual(scene.engine.asked.at(-1)!.body.response_format, format)
})

test("Anthropic's structured outputs hold an answer to their schema, by their former name, too; MLX, which cannot, refuses them", async () => {
  await using scene = await GatewayScene.start()
  const format = { type: "json_schema", schema: SCHEMA }
  const ask = (change: object) => scene.post("/v1/messages", { model: "tiny", messages, max_tokens: 50, ...change })
  for (const change of [{ output_config: { format, effort: null } }, { output_format: format }]) {
    const response = await ask(change)
    assert.deepEqual([response.status, response.headers.get("x-windfall-ignored")], [200, null])
    assert.deepEqual(scene.engine.asked.at(-1)!.body.response_format, {
      type: "json_schema",
      json_schema: { name: "output", schema: SCHEMA },
    })
  }
  const mild = await ask({ output_config: { effort: "low" } })
  assert.deepEqual([mild.status, mild.headers.get("x-windfall-ignored")], [200, "output_config.effort"])
  assert.equal(scene.engine.asked.at(-1)!.body.response_format, undefined)
  for (const wrong of [{ type: "json_object" }, { type: "json_schema" }, "json"]) {
    const response = await ask({ output_config: { format: wrong } })
    assert.equal(response.status, 400)
    assert.match(await response.text(), /output_config\.format: must be of type json_schema, and have a schema/)
  }
  assert.equal((await ask({ output_config: [] })).status, 400)
  const { lacks, leastNumbers, seeds, defaults } = mlxAdapter.http
  const requests = { engineName: "MLX", lacks: new Set(lacks), leastNumbers, seeds, defaults }
  scene.serve([scene.engine.replica()], { requests })
  const refused = await ask({ output_config: { format } })
  assert.equal(refused.status, 400)
  assert.match(await refused.text(), /'output_config\.format' is not supported: the engine of `tiny` \(MLX\)/)
})

test("a call of a tool that is cut by max_tokens is no fault of the engine's in Anthropic's dialect: the reason tells it", async () => {
  let finish = "length"
  await using scene = await GatewayScene.start({
    script: ({ response }) => {
      const call = { id: "call_0", type: "function", function: { name: "look", arguments: '{"city": "Bo' } }
      const message = { role: "assistant", content: null, tool_calls: [call] }
      response.end(JSON.stringify({ id: "c", choices: [{ index: 0, message, finish_reason: finish }] }))
    },
  })
  const tools = [{ name: "look", input_schema: SCHEMA }]
  const ask = () => scene.post("/v1/messages", { model: "tiny", messages, max_tokens: 5, tools })
  const cut = (await (await ask()).json()) as { content: object[]; stop_reason: string }
  assert.equal(cut.stop_reason, "max_tokens")
  assert.deepEqual(cut.content, [{ type: "tool_use", id: "call_0", name: "look", input: {} }])
  finish = "tool_calls"
  assert.equal((await ask()).status, 500)
})

test("a prompt that is too long is told in Anthropic's own words first, by which its clients know it", async () => {
  await using scene = await GatewayScene.start({
    script: ({ response }) => {
      const error = { code: 400, type: "exceed_context_size_error", message: "x", n_prompt_tokens: 900, n_ctx: 512 }
      response.writeHead(400).end(JSON.stringify({ error }))
    },
  })
  const ask = async (content: string) => {
    const body = { model: "tiny", max_tokens: 5, messages: [{ role: "user", content }] }
    const { error } = (await (await scene.post("/v1/messages", body)).json()) as { error: Record<string, string> }
    assert.equal(error.type, "invalid_request_error")
    return error.message
  }
  assert.match(
    (await ask("Hi"))!,
    /^prompt is too long: 900 tokens > 512 maximum\. This model's maximum context length is 512 tokens/,
  )
  assert.match(
    (await ask("word".repeat(100_000)))!,
    /^prompt is too long: more than 2048 tokens > 2048 maximum\. This model's maximum context length is 2048 tokens/,
  )
})

test("what the system says in the midst of a conversation in Anthropic's dialect is part of the user's words there; at its beginning the system's own", async () => {
  await using scene = await GatewayScene.start()
  const tools = [{ name: "look", input_schema: SCHEMA }]
  const talk = [
    { role: "system", content: "Be kind" },
    { role: "user", content: "Hi" },
    { role: "system", content: [{ type: "text", text: "It is late" }] },
    { role: "assistant", content: [{ type: "tool_use", id: "call_0", name: "look", input: {} }] },
    { role: "user", content: [{ type: "tool_result", tool_use_id: "call_0", content: "Rain" }] },
    { role: "system", content: "Now it is early" },
  ]
  const ask = (change: object) => scene.post("/v1/messages", { model: "tiny", max_tokens: 5, tools, ...change })
  assert.equal((await ask({ system: "Be short", messages: talk })).status, 200)
  const sent = scene.engine.asked[0]!.body.messages as { role: string; content: string | null }[]
  assert.deepEqual(
    sent.map(({ role, content }) => [role, content]),
    [
      ["system", "Be short\nBe kind"],
      ["user", "Hi\n<system-reminder>\nIt is late\n</system-reminder>"],
      ["assistant", null],
      ["tool", "Rain"],
      ["user", "<system-reminder>\nNow it is early\n</system-reminder>"],
    ],
  )
  const wrong = await ask({ messages: [{ role: "system", content: [{ type: "image" }] }] })
  assert.match(await wrong.text(), /messages\.0\.0\.type: must be text/)
  assert.match(await (await ask({ messages: [{ role: "tool" }] })).text(), /must be user, assistant or system/)
})

test("a stream in Anthropic's dialect begins with how many tokens the prompt has, where the engine says it while it reads; no other dialect asks it to", async () => {
  await using scene = await GatewayScene.start({
    script: (asked) => {
      if (asked.body.stream !== true) return streamWords(asked, ["Hello"])
      const response = beginStream(asked)
      for (const processed of [0, 9])
        response.write(
          data({
            ...chatChunk({ role: "assistant" }),
            prompt_progress: { total: 11, cache: 4, processed, time_ms: 1 },
          }),
        )
      response.end(data(chatChunk({ content: "Hello" })) + data(chatChunk({}, "stop")) + endOfStream())
    },
  })
  const { lacks, leastNumbers, seeds, defaults, tellsPrompt } = llamaCppAdapter.http
  const requests = { engineName: "llama.cpp", lacks: new Set(lacks), leastNumbers, seeds, defaults, tellsPrompt }
  scene.serve([scene.engine.replica()], { requests })
  const body = { model: "tiny", max_tokens: 5, stream: true, messages }
  const text = await (await scene.post("/v1/messages", body)).text()
  const usages = [...text.matchAll(/"usage":(\{[^}]*\})/g)].map(([, usage]) => JSON.parse(usage!) as object)
  const prompt = { input_tokens: 7, cache_creation_input_tokens: 0, cache_read_input_tokens: 4 }
  assert.deepEqual(usages, [
    { ...prompt, output_tokens: 0 },
    { ...prompt, output_tokens: 2 },
  ])
  assert.equal(text.match(/event: message_start/g)?.length, 1)
  await (await scene.post("/v1/messages", { ...body, stream: false })).text()
  await (await scene.chat({ stream: true })).text()
  const asked = scene.engine.asked.map(({ body: { return_progress } }) => return_progress)
  assert.deepEqual(asked, [true, undefined, undefined])
})

test("who has a wrong key is told that it is of no use to try again, which some clients do for minutes", async () => {
  await using scene = await GatewayScene.start()
  const response = await scene.post("/v1/messages", { model: "tiny", max_tokens: 5, messages }, { key: "sk-wrong" })
  assert.deepEqual([response.status, response.headers.get("x-should-retry")], [401, "false"])
})
