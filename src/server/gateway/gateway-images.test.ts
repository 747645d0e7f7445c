import assert from "node:assert/strict"
import { test } from "node:test"
import { GatewayScene } from "../../../test/support/gateway-scene.ts"
import { plainPng } from "../../../test/support/plain-png.ts"

async function isRefused(scene: GatewayScene, path: string, body: object, says: RegExp): Promise<void> {
  const response = await scene.post(path, { model: "tiny", ...body })
  const { error } = (await response.json()) as { error: { message: string } }
  assert.equal(response.status, 400, error.message)
  assert.match(error.message, says)
}

test("images reach an engine only where its model takes them, and none that are too large, in each dialect, and a model that rests is not woken to say so", async () => {
  await using scene = await GatewayScene.start()
  const png = plainPng(1)
  const asksWith = (bytes: Buffer) => {
    const data = bytes.toString("base64")
    const url = `data:image/png;base64,${data}`
    const source = { type: "base64", media_type: "image/png", data }
    return [
      ["/v1/chat/completions", { messages: [{ role: "user", content: [{ type: "image_url", image_url: { url } }] }] }],
      ["/v1/chat/completions", { messages: [{ role: "user", content: [{ type: "image_url", image_url: url }] }] }],
      ["/v1/responses", { input: [{ role: "user", content: [{ type: "input_image", image_url: url }] }] }],
      ["/v1/messages", { max_tokens: 5, messages: [{ role: "user", content: [{ type: "image", source }] }] }],
    ] as const
  }
  const asks = asksWith(png)
  for (const [path, body] of asks) assert.equal((await scene.post(path, { model: "tiny", ...body })).status, 200, path)
  assert.equal(scene.engine.asked.length, asks.length)
  for (const { body } of scene.engine.asked) assert.match(JSON.stringify(body), /"image_url":\{"url":"data:image/)
  png.writeUInt32BE(20_000, 16)
  for (const [path, body] of asksWith(png)) await isRefused(scene, path, body, /20000 x 1 pixels/)
  for (const replicas of [[scene.engine.replica()], []]) {
    scene.serve(replicas, { takesImages: false })
    for (const [path, body] of asks) await isRefused(scene, path, body, /^this model takes no images: `tiny`/)
  }
  assert.deepEqual([scene.engine.asked.length, scene.wakes], [asks.length, 0])
  scene.serve([scene.engine.replica()], { takesImages: false })
  assert.equal((await scene.chat()).status, 200)
})
