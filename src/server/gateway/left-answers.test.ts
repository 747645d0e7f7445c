/** What is counted of requests that their clients leave before anything of the answer has come. */
import assert from "node:assert/strict"
import { once } from "node:events"
import { test } from "node:test"
import { eventually } from "../../../test/support/agent-home.ts"
import { GatewayScene } from "../../../test/support/gateway-scene.ts"
import { MovedClock } from "../../../test/support/moved-clock.ts"
import { type EngineAsked, streamWords } from "../../../test/support/scripted-engine.ts"
import { Meter, mostTokensOf } from "./meter.ts"

/** Anew each time. */
const useOf = (meter: Meter) => meter.use

type Row = Record<"requests" | "cutRequests" | "promptTokens" | "completionTokens" | "guessedTokens", number>

const usageOf = async (scene: GatewayScene) => (await scene.server.call<{ rows: Row[] }>("GET", "/v1/keys/usage")).rows

/** Sends it, and leaves once the engine works on it. */
async function leave(scene: GatewayScene, change: object, key: string): Promise<void> {
  const begun = Promise.withResolvers<EngineAsked>()
  scene.engine.script = begun.resolve
  const gone = new AbortController()
  const left = assert.rejects(scene.chat(change, { key, signal: gone.signal }), { name: "AbortError" })
  const { response } = await begun.promise
  const closed = once(response, "close")
  gone.abort()
  await Promise.all([left, closed])
}

test("who leaves answers that were to come whole uses up the limit, too", async () => {
  await using scene = await GatewayScene.start()
  const { key } = await scene.makeKey({ limit: { tokens: 300, per: "hour" } })
  const messages = [{ role: "user", content: "word ".repeat(160) }]
  for (const [index, change] of [{}, { n: 2 }].entries()) {
    await leave(scene, { messages, max_tokens: 900, ...change }, key)
    await eventually(async () => (await usageOf(scene))[0]?.requests === index + 1, "it is counted")
  }
  const [row] = await usageOf(scene)
  assert.deepEqual([row?.cutRequests, row?.promptTokens, row?.completionTokens], [2, 0, 0])
  assert.ok(row!.guessedTokens >= 400, `${row!.guessedTokens}`)
  const refused = await scene.chat({}, { key })
  assert.equal(refused.status, 429)
  assert.match(await refused.text(), /this key has used \d+ of its 300 tokens an hour;/)
})

test("what an engine refuses is nobody's use", async () => {
  await using scene = await GatewayScene.start()
  scene.engine.script = ({ response }) =>
    void response
      .writeHead(400)
      .end(JSON.stringify({ error: { code: 400, message: "no", type: "invalid_request_error" } }))
  assert.equal((await scene.chat()).status, 400)
  scene.engine.script = (asked) => streamWords(asked, ["Hello"])
  await (await scene.chat()).text()
  const [row] = await usageOf(scene)
  assert.deepEqual([row?.requests, row?.cutRequests, row?.guessedTokens], [1, 0, 0])
})

test("the guess follows the pace and the time, and stays within what may be made", () => {
  const used = (most: number, ms: number, isStream = false): number | undefined => {
    const clock = new MovedClock()
    const meter = new Meter("12345678", { prompt: 90, answer: most }, clock)
    meter.cut(isStream)
    assert.equal(useOf(meter), null, "it still waited for its turn")
    meter.begin({ firstMs: 500, tokenMs: 10 })
    clock.advance(ms)
    meter.cut(isStream)
    return useOf(meter)?.guessedTokens
  }
  assert.equal(used(900, 1_500), 2 + 100)
  assert.equal(used(30, 1_500), 2 + 30)
  assert.equal(used(900, 100), 2)
  assert.equal(used(900, 1_500, true), 2, "of a stream each token is seen")
  const most = (body: object) => mostTokensOf(body as never, "text", 2_048).answer
  assert.deepEqual([most({ max_tokens: 9 }), most({ max_tokens: 9_000 }), most({})], [9, 2_048, 2_048])
})

test("a prompt is taken for no more tokens than the context has, each of several", () => {
  const guess = (body: object, purpose: "text" | "embeddings" = "text") =>
    new Meter(JSON.stringify(body), mostTokensOf(body as never, purpose, 100), new MovedClock()).promptGuess
  const long = "x".repeat(9_000)
  assert.equal(guess({ messages: Array.from({ length: 900 }, () => ({ role: "user", content: "" })) }), 100)
  assert.equal(guess({ prompt: long }), 100)
  assert.equal(guess({ prompt: [long, long] }), 200)
  assert.equal(guess({ prompt: Array.from({ length: 900 }, () => 12_345) }), 100)
  assert.equal(guess({ input: [long, long, long] }, "embeddings"), 300)
  assert.ok(guess({ prompt: "Hello" }) < 10)
})
