import assert from "node:assert/strict"
import { test } from "node:test"
import { GatewayScene } from "../../../test/support/gateway-scene.ts"

const TOOL = { type: "function", function: { name: "look", parameters: {} } }

test("what costs an engine much is a 400 in each dialect, in its own words, and no engine sees it", async () => {
  await using scene = await GatewayScene.start()
  const many = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one)
  const user = { role: "user", content: "Hi" }
  const call = { id: "a", type: "function", function: { name: "look", arguments: "{}" } }
  const called = { type: "function_call", call_id: "a", name: "look", arguments: "{}" }
  const used = { type: "tool_use", id: "a", name: "look", input: {} }
  const asked: [path: string, body: object, message: string, param: string | null][] = [
    ["/v1/chat/completions", { messages: [user], tools: many(1_025, TOOL) }, "'tools' has 1025 tools", "tools"],
    [
      "/v1/chat/completions",
      { messages: [{ role: "assistant", content: null, tool_calls: many(4_097, call) }, user] },
      "'messages' has 4097 calls of tools",
      "messages",
    ],
    ["/v1/completions", { prompt: "Hi", grammar: "x".repeat(70_000) }, "'grammar' is 70000 characters long", "grammar"],
    ["/v1/responses", { input: many(5_000, called) }, "'input' has 5000 calls of tools", "input"],
    [
      "/v1/responses",
      { input: many(3_000, user) },
      "maximum context length is 2048 tokens. However, your input",
      "input",
    ],
    [
      "/v1/messages",
      { messages: [user, { role: "assistant", content: many(4_097, used) }], max_tokens: 5 },
      "'messages' has 4097 calls of tools",
      null,
    ],
    [
      "/v1/messages",
      { messages: [user], max_tokens: 5, tools: many(1_025, { name: "look", input_schema: {} }) },
      "'tools' has 1025 tools",
      null,
    ],
  ]
  for (const [path, body, message, param] of asked) {
    const response = await scene.post(path, { model: "tiny", ...body })
    const { error } = (await response.json()) as { error: { message: string; type: string; param?: string } }
    assert.deepEqual([response.status, error.type], [400, "invalid_request_error"], path)
    assert.ok(error.message.includes(message), error.message)
    if (param !== null) assert.equal(error.param, param)
  }
  assert.equal(scene.engine.asked.length, 0)
})

test("what an answer would be held to and engines cannot read is named, and numbers beyond theirs come to no others", async () => {
  await using scene = await GatewayScene.start()
  const messages = [{ role: "user", content: "Hi" }]
  const tool = (parameters: unknown) => [{ type: "function", function: { name: "look", parameters } }]
  const own = (parameters: unknown) => [{ type: "function", name: "look", parameters }]
  const asked: [path: string, body: object, message: string][] = [
    ["/v1/chat/completions", { messages, grammar: 5 }, "'grammar' must be a text"],
    ["/v1/chat/completions", { messages, json_schema: "x" }, "'json_schema' must be an object"],
    [
      "/v1/chat/completions",
      { messages, response_format: { type: "json_object", schema: 5 } },
      "'response_format.schema' must be an object",
    ],
    ["/v1/chat/completions", { messages, tools: tool("x") }, "'tools[0].function.parameters' must be an object"],
    ["/v1/completions", { prompt: "Hi", grammar: [] }, "'grammar' must be a text"],
    ["/v1/completions", { prompt: [4_294_967_301] }, "'prompt' must be a text, the numbers of its tokens"],
    ["/v1/responses", { input: "Hi", text: { format: 5 } }, "'text.format.type' must be text"],
    ["/v1/responses", { input: "Hi", text: { format: { type: "json_schema" } } }, "'text.format.schema' must be"],
    ["/v1/responses", { input: "Hi", tools: own(5) }, "'tools[0].parameters' must be an object"],
    [
      "/v1/responses",
      { input: "Hi", tools: own({}), tool_choice: { type: "function", name: "other" } },
      "'tool_choice': there is no tool \"other\" among 'tools'",
    ],
    ["/v1/responses", { input: "Hi", tool_choice: 5 }, "'tool_choice' must be none, auto, required or a function"],
    ["/v1/responses", { input: "Hi", tools: own({}), tool_choice: {} }, "'tool_choice' must be none, auto"],
    ["/v1/responses", { input: "Hi", tools: [], tool_choice: "required" }, "'tool_choice' needs 'tools'"],
    [
      "/v1/responses",
      { input: [{ type: "function_call_output", call_id: "c", output: [{ type: "input_image", image_url: "x" }] }] },
      "'input[0].output[0].text' must be a text",
    ],
    [
      "/v1/chat/completions",
      { messages, tools: tool({}), tool_choice: { type: "function", name: "f" } },
      "'tool_choice' must have the name of a function",
    ],
    ["/v1/responses", { input: [{ type: "reasoning" }] }, "'input' must have at least one message"],
  ]
  for (const [path, body, message] of asked) {
    const response = await scene.post(path, { model: "tiny", ...body })
    const text = await response.text()
    assert.equal(response.status, 400, `${JSON.stringify(body)}: ${text}`)
    assert.ok((JSON.parse(text) as { error: { message: string } }).error.message.startsWith(message), text)
  }
  assert.equal(scene.engine.asked.length, 0)
  await scene.chat({ max_tokens: 2 ** 32 })
  await scene.post("/v1/responses", { model: "tiny", input: "Hi", text: { format: null }, max_output_tokens: 2 ** 31 })
  const most = scene.engine.asked.map(({ body }) => body.max_tokens)
  assert.deepEqual(most, [2 ** 31 - 1, 2 ** 31 - 1])
})
