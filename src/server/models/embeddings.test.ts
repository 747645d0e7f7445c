import assert from "node:assert/strict"
import { test } from "node:test"
import { smallModel } from "../../../test/support/hive-models.ts"
import { ModelScene } from "../../../test/support/model-scene.ts"

/** A small model whose header says that one vector is made of a text. */
function pooled(pooling: number, architecture = "qwen3") {
  const model = smallModel(2, { architecture, context: 4_096 })
  return { ...model, metadata: { ...model.metadata, [`${architecture}.pooling_type`]: pooling } }
}

test("a model that makes embeddings is started for that, proves it by one, and is told apart wherever it is shown", async () => {
  await using scene = await ModelScene.start()
  for (const host of ["studio", "mini"]) await scene.join(host)
  scene.engine.script = ({ path, response }) => {
    if (path !== "/v1/embeddings") return void response.writeHead(500).end("{}")
    const usage = { prompt_tokens: 4, total_tokens: 4 }
    response.end(JSON.stringify({ object: "list", data: [{ index: 0, embedding: [0.6, 0.8] }], usage }))
  }
  await scene.store("mean", pooled(1))
  assert.equal((await scene.serve("mean")).options.purpose, "embeddings")
  const { options, replicas } = await scene.untilState("mean", "ready")
  // Read as a whole: its buffers hold all of it.
  assert.deepEqual([options.contextTokens, scene.hives[0]?.order.batchTokens], [4_096, 4_096])
  assert.equal(scene.hives[0]?.order.purpose, "embeddings")
  assert.equal(replicas[0]?.plan?.tokensPerSecond, null)
  assert.ok(scene.engine.asked.length > 0 && scene.engine.asked.every(({ path }) => path === "/v1/embeddings"))
  const refusal = await scene.chat("mean")
  assert.equal(refusal.status, 400)
  assert.match(await refusal.text(), /makes embeddings and writes no text/)

  await scene.store("last", pooled(3))
  await scene.serve("last")
  await scene.untilState("last", "ready")
  assert.equal(scene.hives[1]?.order.batchTokens, 512)
  await scene.store("text", pooled(0))
  assert.equal((await scene.serve("text")).options.purpose, "text")
})

test("an embedding that has what is no number proves nothing", async () => {
  await using scene = await ModelScene.start({
    modelLimits: { restMs: 5, probeTries: 2, probeAgainMs: 5, mostLosses: 1 },
  })
  await scene.join("studio")
  scene.engine.script = ({ response }) => {
    const usage = { prompt_tokens: 4, total_tokens: 4 }
    response.end(JSON.stringify({ object: "list", data: [{ index: 0, embedding: [0.6, null] }], usage }))
  }
  await scene.store("mean", pooled(1))
  await scene.serve("mean")
  await scene.untilState("mean", "degraded")
})

test("what ranks texts, makes no vector of a whole one, or keeps no cache to be quantised, is refused in words", async () => {
  await using scene = await ModelScene.start()
  await scene.join("studio")
  await scene.store("ranks", pooled(4))
  await assert.rejects(scene.serve("ranks"), { code: "invalid_input", message: /rerankers are not served/ })
  await scene.store("none", smallModel(2, { architecture: "bert" }))
  await assert.rejects(scene.serve("none"), { code: "invalid_input", message: /does not say how one vector is made/ })
  await scene.store("odd", pooled(9))
  await assert.rejects(scene.serve("odd"), { code: "invalid_input", message: /qwen3\.pooling_type is 9/ })
  await scene.store("encoder", pooled(1, "bert"))
  await assert.rejects(scene.serve("encoder", { kv: "q8_0" }), { code: "invalid_input", message: /keeps no cache/ })
  assert.equal((await scene.serve("encoder")).options.purpose, "embeddings")
})

test("a model that an earlier release served to write text is started anew once it is served again", async () => {
  await using scene = await ModelScene.start()
  for (const host of ["studio", "mini"]) await scene.join(host)
  scene.engine.script = ({ path, response }) => {
    const usage = { prompt_tokens: 4, ...(path === "/v1/embeddings" ? {} : { completion_tokens: 2 }) }
    response.end(JSON.stringify({ data: [{ embedding: [0.6, 0.8] }], usage }))
  }
  await scene.store("mean", pooled(1))
  await scene.serve("mean")
  await scene.untilState("mean", "ready")
  const { models } = scene.server.running.core.store
  const now = models.get("mean")!
  models.put({ ...now, options: { ...now.options, purpose: "text" } })
  const again = await scene.serve("mean", { data: null, file: null })
  assert.equal(again.options.purpose, "embeddings")
  await scene.until("mean", ({ state }) => state === "ready" && scene.hives.length === 2)
})
