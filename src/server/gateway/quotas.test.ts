import assert from "node:assert/strict"
import { test } from "node:test"
import { GatewayScene } from "../../../test/support/gateway-scene.ts"
import { type EngineAsked, streamWords, USAGE } from "../../../test/support/scripted-engine.ts"

const statusesOf = (responses: readonly Response[]) => responses.map(({ status }) => status).sort()

/** An engine that answers once it is told to. */
function heldBack() {
  const go = Promise.withResolvers<void>()
  const script = async (asked: EngineAsked) => {
    await go.promise
    streamWords(asked, ["Hello"])
  }
  return { go: go.resolve, script }
}

test("what is under way counts with its prompt and all the answers it asks for: of many at once one passes", async () => {
  const { go, script } = heldBack()
  await using scene = await GatewayScene.start({ script })
  const { key } = await scene.makeKey({ limit: { tokens: 300, per: "hour" } })
  const body = { model: "tiny", prompt: "Once", max_tokens: 100, n: 8 }
  let refused = 0
  const all = Array.from({ length: 12 }, async () => {
    const response = await scene.post("/v1/completions", body, { key })
    // Refused ones are answered before any engine is.
    if (response.status === 429 && ++refused === 11) go()
    return response
  })
  const responses = await Promise.all(all)
  assert.deepEqual(statusesOf(responses), [200, ...Array.from({ length: 11 }, () => 429)])
  assert.equal(scene.engine.asked.length, 8)
  const other = responses.find(({ status }) => status === 429)!
  assert.equal(other.headers.get("retry-after"), "5")
  assert.match(await other.text(), /what is under way may use up the 300 tokens an hour/)
  await Promise.all(responses.filter(({ status }) => status === 200).map((one) => one.text()))
  assert.equal(
    (await scene.post("/v1/completions", { ...body, n: 1 }, { key })).status,
    200,
    "what it needed is given back",
  )
})

test("an answer whose length is not limited counts as the key's usual one", async () => {
  const { go, script } = heldBack()
  await using scene = await GatewayScene.start()
  const { key } = await scene.makeKey({ limit: { tokens: 280, per: "hour" } })
  const prompt = { model: "tiny", prompt: "Once" }
  // Of the first nothing is known: 256 tokens.
  scene.engine.script = script
  const first = scene.post("/v1/completions", prompt, { key })
  while (scene.engine.asked.length === 0) await new Promise(setImmediate)
  const long = { ...prompt, prompt: "x".repeat(100) }
  const second = scene.post("/v1/completions", long, { key })
  while (scene.engine.asked.length < 2) await new Promise(setImmediate)
  assert.equal((await scene.post("/v1/completions", prompt, { key })).status, 429)
  go()
  assert.deepEqual([(await first).status, (await second).status], [200, 200])
  // They had 2 tokens each.
  scene.engine.asked.length = 0
  const now = heldBack()
  scene.engine.script = now.script
  const four = Array.from({ length: 4 }, () => scene.post("/v1/completions", prompt, { key }))
  while (scene.engine.asked.length < 4) await new Promise(setImmediate)
  now.go()
  assert.deepEqual(statusesOf(await Promise.all(four)), [200, 200, 200, 200])
})

test("those that waited for a slot are looked at again when their turn has come", async () => {
  const go = Promise.withResolvers<void>()
  await using scene = await GatewayScene.start({
    script: async ({ response }) => {
      await go.promise
      const choices = [{ index: 0, message: { role: "assistant", content: "Hi" }, finish_reason: "stop" }]
      response.end(JSON.stringify({ choices, usage: { ...USAGE, prompt_tokens: 200 } }))
    },
  })
  scene.serve([scene.engine.replica({ slots: 1 })])
  const { key } = await scene.makeKey({ limit: { tokens: 100, per: "hour" } })
  const all = Array.from({ length: 3 }, () => scene.chat({ max_tokens: 1 }, { key }))
  while (scene.engine.asked.length === 0) await new Promise(setImmediate)
  go.resolve()
  assert.deepEqual(statusesOf(await Promise.all(all)), [200, 429, 429])
  assert.equal(scene.engine.asked.length, 1)
})

test("of several answers no more are asked for once those before have used up the limit", async () => {
  await using scene = await GatewayScene.start({
    script: ({ response }) => {
      const choices = [{ index: 0, text: "Hi", finish_reason: "stop" }]
      response.end(JSON.stringify({ choices, usage: { ...USAGE, completion_tokens: 40 } }))
    },
  })
  const { key } = await scene.makeKey({ limit: { tokens: 300, per: "hour" } })
  const response = await scene.post("/v1/completions", { model: "tiny", prompt: "Once", n: 100 }, { key })
  assert.equal(response.status, 429)
  assert.match(await response.text(), /this key has used \d+ of its 300 tokens an hour/)
  // Those that were under way when it was seen.
  assert.ok(scene.engine.asked.length < 24, `${scene.engine.asked.length}`)
})
