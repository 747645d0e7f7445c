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
