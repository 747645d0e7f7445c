import assert from "node:assert/strict"
import { test } from "node:test"
import { GatewayScene } from "../../../test/support/gateway-scene.ts"

const USER = { role: "user", content: "Hi" }
const CALL = { id: "a", type: "function", function: { name: "look", arguments: '{"at":1}' } }

test("what a message has beside its content is named where no engine could read it", async () => {
  await using scene = await GatewayScene.start()
  const call = (change: object) => ({ role: "assistant", content: null, tool_calls: [{ ...CALL, ...change }] })
  const told = (given: unknown) => call({ function: { name: "look", arguments: given } })
  const deep = `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`
  const odd: [message: object, param: string][] = [
    [{ ...USER, name: 5 }, "name"],
    [{ role: "tool", content: "x", tool_call_id: 5 }, "tool_call_id"],
    [{ role: "assistant", content: "x", reasoning_content: ["x"] }, "reasoning_content"],
    [{ role: "assistant", content: [{ type: "refusal", refusal: 5 }] }, "content[0]"],
    ...["x", 5, {}].map((calls): [object, string] => [{ role: "assistant", tool_calls: calls }, "tool_calls"]),
    ...[5, null, "x"].map((one): [object, string] => [{ role: "assistant", tool_calls: [one] }, "tool_calls[0]"]),
    [{ role: "assistant", tool_calls: [{}] }, "tool_calls[0].function"],
    [call({ function: null }), "tool_calls[0].function"],
    [call({ function: { name: 5 } }), "tool_calls[0].function"],
    [call({ type: "custom" }), "tool_calls[0].type"],
    [call({ id: 5 }), "tool_calls[0].id"],
    ...[5, [], "{", "5", "null", deep].map((each): [object, string] => [
      told(each),
      "tool_calls[0].function.arguments",
    ]),
  ]
  for (const [message, param] of odd) {
    const response = await scene.chat({ messages: [message, USER] })
    assert.equal(response.status, 400, JSON.stringify(message).slice(0, 200))
    const { error } = (await response.json()) as { error: { message: string; param: string } }
    assert.equal(error.param, `messages[0].${param}`)
    assert.match(error.message, /^'messages\[0\]\.\S+' must be /)
  }
  assert.equal(scene.engine.asked.length, 0)
})

test("messages as clients send them again reach engines as these read them: nothing that is null, calls whole, refusals as texts", async () => {
  await using scene = await GatewayScene.start()
  const asSent = async (message: object) => {
    const response = await scene.chat({ messages: [message, USER] })
    assert.equal(response.status, 200, await response.text())
    return (scene.engine.asked.at(-1)!.body.messages as unknown[])[0]
  }
  const nulls = { name: null, refusal: null, reasoning_content: null, tool_call_id: null }
  const said = { role: "assistant", content: "Hello" }
  assert.deepEqual(await asSent({ ...said, ...nulls, tool_calls: null }), said)
  assert.deepEqual(await asSent({ ...said, content: null, tool_calls: [] }), { ...said, content: "" })
  const called = { role: "assistant", content: null, tool_calls: [CALL] }
  assert.deepEqual(await asSent({ ...called, ...nulls }), called)
  for (const [given, read] of [
    [{ at: 1 }, '{"at":1}'],
    ["", "{}"],
    [undefined, "{}"],
  ] as const) {
    const found = { name: "look", arguments: given }
    assert.deepEqual(await asSent({ ...called, tool_calls: [{ id: "a", function: found }] }), {
      ...called,
      tool_calls: [{ ...CALL, function: { name: "look", arguments: read } }],
    })
  }
  assert.deepEqual(await asSent({ role: "assistant", content: [{ type: "refusal", refusal: "No." }] }), {
    role: "assistant",
    content: [{ type: "text", text: "No." }],
  })
})

test("arguments of an earlier call that are no object are named in the Responses dialect, too", async () => {
  await using scene = await GatewayScene.start()
  const call = { type: "function_call", call_id: "a", name: "look" }
  const input = [{ role: "user", content: "Hi" }]
  const ask = (given: unknown) =>
    scene.post("/v1/responses", { model: "tiny", input: [{ ...call, arguments: given }, ...input] })
  assert.equal((await ask('{"at":1}')).status, 200)
  for (const given of [5, "{", "[]"]) {
    const response = await ask(given)
    assert.equal(response.status, 400)
    const { error } = (await response.json()) as { error: { param: string } }
    assert.equal(error.param, "input[0].arguments")
  }
})
