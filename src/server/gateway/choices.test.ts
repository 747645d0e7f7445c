/** Several choices in one request: each is a request of its own to an engine. */
import assert from "node:assert/strict"
import { test } from "node:test"
import OpenAI from "openai"
import { GatewayScene } from "../../../test/support/gateway-scene.ts"
import {
  beginStream,
  chatChunk,
  data,
  type EngineAsked,
  ScriptedEngine,
  streamWords,
} from "../../../test/support/scripted-engine.ts"
import type { KeyUsageView } from "../../protocol/key-api.ts"

const openAi = (scene: GatewayScene) => new OpenAI({ baseURL: `${scene.url}/v1`, apiKey: scene.key, maxRetries: 0 })
const MESSAGES = [{ role: "user" as const, content: "Hi" }]

interface Completion {
  readonly choices: readonly { readonly index: number; readonly text: string }[]
  readonly usage: Record<string, unknown>
}

/** Says its prompt and seed, and as many tokens as the prompt is long. */
function completeAs({ body, response }: EngineAsked): void {
  const { prompt, seed = "" } = body as { prompt: string | number[]; seed?: number }
  const usage = { prompt_tokens: prompt.length, completion_tokens: 2 }
  const head = { id: `cmpl-${prompt}`, object: "text_completion", created: 1, model: body.model }
  const choice = { index: 0, text: `${prompt}${seed}`, finish_reason: "stop" }
  if (body.stream !== true) return void response.end(JSON.stringify({ ...head, choices: [choice], usage }))
  response.writeHead(200, { "content-type": "text/event-stream" })
  response.write(data({ ...head, choices: [choice] }))
  response.end(`${data({ ...head, choices: [], usage, timings: {} })}data: [DONE]\n\n`)
}

async function usageRow(scene: GatewayScene) {
  const { rows } = await scene.server.call<KeyUsageView>("GET", "/v1/keys/usage")
  assert.equal(rows.length, 1)
  const { requests, promptTokens, completionTokens, cutRequests } = rows[0]!
  return { requests, promptTokens, completionTokens, cutRequests }
}

test("n choices of a chat, whole and streamed: each has its index, and all are in the usage and on the key's account", async () => {
  await using scene = await GatewayScene.start()
  const { completions } = openAi(scene).chat
  const asked = { model: "tiny", messages: MESSAGES, n: 3 }
  const whole = await completions.create(asked)
  assert.deepEqual(
    whole.choices.map(({ index, message }) => [index, message.content]),
    [0, 1, 2].map((index) => [index, "Hello world"]),
  )
  const usage = {
    prompt_tokens: 11,
    completion_tokens: 6,
    total_tokens: 17,
    prompt_tokens_details: { cached_tokens: 4 },
  }
  assert.deepEqual(whole.usage, usage)
  const texts = ["", "", ""]
  const ids = new Set<string>()
  const usages: unknown[] = []
  const stream = await completions.create({ ...asked, stream: true, stream_options: { include_usage: true } })
  for await (const chunk of stream) {
    ids.add(chunk.id)
    if (chunk.usage) usages.push(chunk.usage)
    for (const { index, delta } of chunk.choices) texts[index] += delta.content ?? ""
  }
  assert.deepEqual([texts, ids.size, usages], [["Hello world", "Hello world", "Hello world"], 1, [usage]])
  assert.ok(scene.engine.asked.every(({ body }) => body.n === undefined))
  assert.deepEqual(await usageRow(scene), { requests: 2, promptTokens: 22, completionTokens: 12, cutRequests: 0 })
  const unasked = await (await scene.chat({ n: 2, stream: true })).text()
  assert.doesNotMatch(unasked, /"usage"/)
  assert.ok(unasked.endsWith("data: [DONE]\n\n"))
})

test("several prompts, with several choices of each: in OpenAI's order, seeds differ within a prompt, its tokens count once", async () => {
  await using scene = await GatewayScene.start({ script: completeAs })
  const ask = async (change: object) => scene.post("/v1/completions", { model: "tiny", ...change })
  const whole = (await (await ask({ prompt: ["a", "bcd"], n: 2, seed: 5 })).json()) as Completion
  assert.deepEqual(
    whole.choices.map(({ index, text }) => `${index} ${text}`),
    ["0 a5", "1 a6", "2 bcd5", "3 bcd6"],
  )
  const counts = { prompt_tokens: 4, completion_tokens: 8, total_tokens: 12 }
  assert.deepEqual(whole.usage, { ...counts, prompt_tokens_details: { cached_tokens: 0 } })
  const streamed = await (
    await ask({ prompt: [[1, 2], [3]], stream: true, stream_options: { include_usage: true } })
  ).text()
  const chunks = streamed
    .trim()
    .split("\n\n")
    .slice(0, -1)
    .map((event) => JSON.parse(event.slice("data: ".length)) as Completion)
  const said = chunks.flatMap(({ choices }) => choices.map(({ index, text }) => `${index} ${text}`))
  assert.deepEqual(said.sort(), ["0 1,2", "1 3"])
  assert.equal(chunks.at(-1)!.usage.prompt_tokens, 3)
  assert.deepEqual(await usageRow(scene), { requests: 2, promptTokens: 7, completionTokens: 12, cutRequests: 0 })
})

test("log probabilities of completions have the shape that completions have, whole and streamed, whatever the engine's", async () => {
  await using scene = await GatewayScene.start()
  const say = (token: string, logprob: number) => ({ token, logprob, top_logprobs: [{ token: "?", logprob: -1 }] })
  const choice = (text: string, ...content: object[]) => ({
    index: 0,
    text,
    logprobs: { content },
    finish_reason: null,
  })
  scene.engine.script = ({ body, response }) => {
    const head = { id: "x", object: "text_completion", usage: { prompt_tokens: 1, completion_tokens: 2 } }
    if (body.stream !== true)
      return void response.end(JSON.stringify({ ...head, choices: [choice("ab", say("a", -2), say("b", -3))] }))
    response.writeHead(200, { "content-type": "text/event-stream" })
    for (const each of [choice("a", say("a", -2)), choice("b", say("b", -3))]) response.write(data({ choices: [each] }))
    response.end("data: [DONE]\n\n")
  }
  const { completions } = openAi(scene)
  const whole = await completions.create({ model: "tiny", prompt: "Hi", logprobs: 1 })
  const tops = [
    { "?": -1, a: -2 },
    { "?": -1, b: -3 },
  ]
  const all = { tokens: ["a", "b"], token_logprobs: [-2, -3], top_logprobs: tops, text_offset: [2, 3] }
  assert.deepEqual(whole.choices[0]?.logprobs, all)
  const { logprobs, top_logprobs, n_probs } = scene.engine.asked[0]!.body
  assert.deepEqual([logprobs, top_logprobs, n_probs], [true, 1, 1])
  const offsets: unknown[] = []
  const stream = await completions.create({ model: "tiny", prompt: ["Hi", "Hello"], logprobs: 0, stream: true })
  for await (const { choices } of stream)
    for (const each of choices) offsets.push([each.index, each.logprobs?.text_offset, each.logprobs?.top_logprobs])
  assert.deepEqual(offsets.sort(), [
    [0, [2], null],
    [0, [3], null],
    [1, [5], null],
    [1, [6], null],
  ])
  const wrong = await scene.post("/v1/completions", { model: "tiny", prompt: "Hi", logprobs: 21 })
  assert.match(await wrong.text(), /'logprobs' must be a whole number from 0 to 20/)
})

test("choices wait for their turns, and too many of them are refused before an engine sees one", async () => {
  await using scene = await GatewayScene.start()
  scene.serve([scene.engine.replica({ slots: 2 })])
  const held: EngineAsked[] = []
  const most: number[] = []
  scene.engine.script = async (asked) => {
    if (held.push(asked) !== 2) return
    // What would come too early has come by then.
    await (await scene.get("/v1/models")).text()
    most.push(held.length)
    held.splice(0).forEach(completeAs)
  }
  const ask = (change: object) => scene.post("/v1/completions", { model: "tiny", prompt: "a", ...change })
  const { choices } = (await (await ask({ n: 40 })).json()) as Completion
  assert.deepEqual([choices.length, Math.max(...most)], [40, 2])
  scene.engine.script = completeAs
  for (const change of [
    { n: 65, prompt: ["a", "b"] },
    { n: 129 },
    { prompt: Array.from({ length: 129 }, () => "a") },
  ]) {
    const refused = await ask(change)
    assert.match(await refused.text(), /128/)
    assert.equal(refused.status, 400)
  }
  for (const prompt of [[], [["a"]], ["a", [1]], [1, "a"], [-1], [[]]]) {
    const status = JSON.stringify(prompt) === '["a",[1]]' ? 200 : 400
    assert.equal((await ask({ prompt })).status, status, JSON.stringify(prompt))
  }
})

test("a choice that is lost before its first token comes from elsewhere; an error of one ends all, and is told once", async () => {
  await using scene = await GatewayScene.start()
  await using second = await ScriptedEngine.start()
  scene.serve([scene.engine.replica({ slots: 1 }), second.replica({ slots: 9 })])
  scene.engine.script = ({ response }) => void response.destroy()
  const whole = await openAi(scene).chat.completions.create({ model: "tiny", messages: MESSAGES, n: 4 })
  assert.equal(whole.choices.length, 4)
  scene.serve([scene.engine.replica({ slots: 9 })])
  let isLeft = Promise.withResolvers<void>()
  let count = 0
  scene.engine.script = (asked) => {
    if (count++ % 2 === 0) {
      asked.response.once("close", () => isLeft.resolve())
      if (asked.body.stream === true) beginStream(asked).write(data(chatChunk({ content: "Hel" })))
      return
    }
    const body = JSON.stringify({ error: { code: 400, message: "no such grammar" } })
    asked.response.writeHead(400).end(body)
  }
  const refused = await scene.chat({ n: 2 })
  assert.equal(refused.status, 400)
  assert.match(await refused.text(), /no such grammar/)
  await isLeft.promise
  // Once the client has seen something of one, it is told within the stream.
  isLeft = Promise.withResolvers()
  const held: EngineAsked[] = []
  scene.engine.script = (asked) => {
    held.push(asked)
    if (held.length === 2) void beginStream(held[0]!).write(data(chatChunk({ content: "Hel" })))
    held[0]!.response.once("close", () => isLeft.resolve())
  }
  const stream = await scene.chat({ n: 2, stream: true })
  held[1]!.response.writeHead(400).end('{"error":{"code":400,"message":"no such grammar"}}')
  const text = await stream.text()
  assert.match(text, /"Hel"[\s\S]*data: \{"error":\{"message":"no such grammar"[^\n]*"request_id":"req_/)
  assert.doesNotMatch(text, /\[DONE\]/)
  await isLeft.promise
  scene.engine.script = (asked) => streamWords(asked, ["fine"])
  assert.equal((await scene.chat({ n: 2 })).status, 200, "all turns were given back")
})

test("prompts that are numbers of tokens are refused where the engine reads none, and a model that rests is not woken", async () => {
  await using scene = await GatewayScene.start({ script: completeAs })
  const ask = (prompt: unknown) => scene.post("/v1/completions", { model: "tiny", prompt })
  for (const prompt of [[1, 2], [[1, 2]], [[1], [2]]]) assert.equal((await ask(prompt)).status, 200)
  const count = scene.engine.asked.length
  scene.serve([], { takesTokens: false })
  for (const prompt of [[1, 2], [[1, 2]], ["a", [2]]]) {
    const response = await ask(prompt)
    const { error } = (await response.json()) as { error: { message: string; param: string } }
    assert.deepEqual([response.status, error.param], [400, "prompt"])
    assert.match(error.message, /the engine of `tiny` \(MLX\) takes no numbers of tokens/)
  }
  assert.deepEqual([scene.engine.asked.length, scene.wakes], [count, 0])
})
