import assert from "node:assert/strict"
import { test } from "node:test"
import { GatewayScene } from "../../../test/support/gateway-scene.ts"
import { mlxAdapter } from "../../hive/engines/mlx-adapter.ts"

const { lacks, leastNumbers, seeds, defaults } = mlxAdapter.http
const MLX = {
  requests: { engineName: "MLX", lacks: new Set(lacks), leastNumbers, seeds, defaults },
  takesTokens: false,
}
const messages = [{ role: "user", content: "Hi" }]
const TOOL = { type: "function", function: { name: "look", parameters: {} } }
const SCHEMA = { type: "json_schema", json_schema: { name: "x", schema: { type: "object" } } }

test("what MLX would pass over is refused where the answer's shape hangs on it, in each dialect", async () => {
  await using scene = await GatewayScene.start()
  scene.serve([scene.engine.replica()], MLX)
  const asked: [path: string, body: object, named: string][] = [
    ["/v1/chat/completions", { messages, response_format: { type: "json_object" } }, "response_format"],
    ["/v1/chat/completions", { messages, response_format: SCHEMA, stream: true }, "response_format"],
    ["/v1/chat/completions", { messages, tools: [TOOL], tool_choice: "required" }, "tool_choice"],
    [
      "/v1/chat/completions",
      { messages, tools: [TOOL], tool_choice: { type: "function", function: { name: "look" } } },
      "tool_choice",
    ],
    ["/v1/chat/completions", { messages, grammar: "root ::= [0-9]" }, "grammar"],
    ["/v1/completions", { prompt: "Hi", json_schema: {} }, "json_schema"],
    ["/v1/responses", { input: "Hi", text: { format: { type: "json_object" } } }, "text.format"],
    [
      "/v1/messages",
      { messages, max_tokens: 5, tools: [{ name: "look", input_schema: {} }], tool_choice: { type: "any" } },
      "tool_choice",
    ],
  ]
  for (const [path, body, named] of asked) {
    const response = await scene.post(path, { model: "tiny", ...body })
    assert.equal(response.status, 400, JSON.stringify(body))
    const { error } = (await response.json()) as { error: { message: string; param?: string } }
    assert.match(error.message, /^'\S+' is not supported: the engine of `tiny` \(MLX\) .* by llama\.cpp, which can$/)
    assert.ok(error.message.startsWith(`'${named}'`), error.message)
    if (path !== "/v1/messages") assert.equal(error.param, named)
  }
  assert.equal(scene.engine.asked.length, 0)
})

test("tools are refused where the model's chat template knows none, in each dialect, also where they need not be called; not where none are to be", async () => {
  await using scene = await GatewayScene.start()
  const requests = { engineName: "llama.cpp", lacks: new Set<string>(), leastNumbers: {}, seeds: 2 ** 32, defaults: {} }
  scene.serve([scene.engine.replica()], { requests: { ...requests, knowsTools: false } })
  const ofResponses = { type: "function", name: "look", parameters: {} }
  const ofMessages = { name: "look", input_schema: {} }
  for (const [path, body] of [
    ["/v1/chat/completions", { messages, tools: [TOOL] }],
    ["/v1/chat/completions", { messages, tools: [TOOL], tool_choice: "auto" }],
    ["/v1/chat/completions", { messages, tools: [TOOL], tool_choice: "required" }],
    [
      "/v1/chat/completions",
      { messages, tools: [TOOL], tool_choice: { type: "function", function: { name: "look" } } },
    ],
    ["/v1/responses", { input: "Hi", tools: [ofResponses] }],
    ["/v1/messages", { messages, max_tokens: 5, tools: [ofMessages], tool_choice: { type: "tool", name: "look" } }],
    ["/v1/messages", { messages, max_tokens: 5, tools: [ofMessages] }],
  ] as const) {
    const response = await scene.post(path, { model: "tiny", ...body })
    assert.match(await response.text(), /'tools' cannot be used: the chat template of `tiny` knows none/)
    assert.equal(response.status, 400)
  }
  assert.equal(scene.engine.asked.length, 0)
  for (const fine of [{ tools: [TOOL], tool_choice: "none" }, { tools: [] }, { tools: null }, {}])
    assert.equal((await scene.chat(fine)).status, 200)
})

test("what is a preference is left out and named, what is the default passes, and no tools are asked for where none are to be called", async () => {
  await using scene = await GatewayScene.start()
  scene.serve([scene.engine.replica()], MLX)
  const body = { response_format: { type: "text" }, tools: [TOOL], tool_choice: "auto", parallel_tool_calls: false }
  const mild = await scene.chat({ ...body, typical_p: 0.5, min_p: 0.1, reasoning_effort: "low" })
  assert.equal(mild.status, 200)
  assert.equal(mild.headers.get("x-windfall-ignored"), "parallel_tool_calls, typical_p, reasoning_effort")
  const fieldsOf = (index: number) => Object.keys(scene.engine.asked[index]!.body).sort()
  assert.deepEqual(fieldsOf(0), ["messages", "min_p", "model", "stream", "temperature", "tools"])
  assert.equal((await scene.chat({ tools: [TOOL], tool_choice: "none" })).status, 200)
  assert.deepEqual(fieldsOf(1), ["messages", "model", "stream", "temperature"])
})

test("MLX is asked for a temperature where the client gives none, so that choices differ; llama.cpp has its own", async () => {
  await using scene = await GatewayScene.start()
  scene.serve([scene.engine.replica()], MLX)
  await scene.chat({ n: 3, seed: 7 })
  await scene.chat({ temperature: 0 })
  scene.serve([scene.engine.replica()])
  await scene.chat()
  const temperatures = scene.engine.asked.map(({ body }) => body.temperature)
  assert.deepEqual(temperatures, [0.8, 0.8, 0.8, 0, undefined])
})

test("any seed and no bound of llama.cpp's, -1, are left out for MLX, which fails at them; other seeds below 0 are a 400", async () => {
  await using scene = await GatewayScene.start()
  const off = { seed: -1, top_k: -1 }
  scene.serve([scene.engine.replica()], MLX)
  const mild = await scene.chat(off)
  assert.deepEqual([mild.status, mild.headers.get("x-windfall-ignored")], [200, null])
  await scene.chat({ ...off, n: 2 })
  await scene.chat({ seed: 0, top_k: 0 })
  scene.serve([scene.engine.replica()])
  await scene.chat(off)
  const asked = scene.engine.asked.map(({ body }) => [body.seed, body.top_k])
  const none = [undefined, undefined]
  assert.deepEqual(asked, [none, none, none, [0, 0], [-1, -1]])
  const refused = await scene.chat({ seed: -2 })
  assert.equal(refused.status, 400)
  assert.match(await refused.text(), /'seed' must be a whole number from -1 to 9007199254740991/)
})

test("a seed beyond those that an engine has is one of these, also those of choices: none is taken for any", async () => {
  await using scene = await GatewayScene.start()
  for (const seed of [2 ** 32 - 2, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER]) await scene.chat({ seed })
  await scene.chat({ seed: 2 ** 32 - 2, n: 3 })
  scene.serve([scene.engine.replica()], MLX)
  await scene.chat({ seed: 2 ** 32 - 1 })
  const seeds = scene.engine.asked.map(({ body }) => body.seed as number)
  assert.deepEqual(seeds.slice(0, 4), [4_294_967_294, 0, 1, Number.MAX_SAFE_INTEGER % 4_294_967_295])
  assert.deepEqual(seeds.slice(4, 7).sort(), [0, 1, 4_294_967_294])
  assert.equal(seeds[7], 4_294_967_295)
})
