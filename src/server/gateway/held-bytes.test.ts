import assert from "node:assert/strict"
import { test } from "node:test"
import { gzipSync } from "node:zlib"
import { GatewayScene } from "../../../test/support/gateway-scene.ts"
import { beginStream, chatChunk, data, endOfStream, streamWords } from "../../../test/support/scripted-engine.ts"
import { HeldBody, HeldBytes } from "./held-bytes.ts"

const MIB = 1024 ** 2

test("a large body lies outside of the heap, and is gone as soon as nobody asks for it; what a connection has got is left to it", () => {
  const before = process.memoryUsage().arrayBuffers
  const body = new HeldBody(`{"prompt":"${"ä".repeat(16 * MIB)}"}`)
  assert.ok(process.memoryUsage().arrayBuffers >= before + 32 * MIB)
  body.free()
  assert.ok(process.memoryUsage().arrayBuffers < before + MIB)
  const text = `{"prompt":"${"ä".repeat(MIB)}"}`
  const sent = new HeldBody(text)
  const rest = sent.forEngine()
  sent.free()
  assert.equal(rest.toString(), text.slice(1))
  assert.equal(new HeldBody('{"prompt":"Hi"}').forEngine(), '"prompt":"Hi"}')
})

test("what a request holds is given back once, however often it is said", () => {
  const held = new HeldBytes()
  const [one, other] = [held.hold(), held.hold()]
  one.add(5)
  one.add(6)
  other.add(7)
  assert.equal(held.bytes, 18)
  one.release()
  one.release()
  assert.equal(held.bytes, 7)
})

const LARGE = [{ role: "user", content: `${" ".repeat(MIB)}Hi` }]

test("the bodies that wait are bounded together, also unpacked; whose client leaves, or has its first token, makes room", async () => {
  const begun = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  await using scene = await GatewayScene.start({
    limits: { allBodiesBytes: 1.5 * MIB },
    script: async (asked) => {
      assert.equal(String((asked.body.messages as typeof LARGE)[0]?.content).length, MIB + 2)
      if (asked.body.stream !== true) return streamWords(asked, ["Hello"])
      const response = beginStream(asked)
      response.write(data(chatChunk({ content: "Hel" })))
      begun.resolve()
      await go.promise
      response.end(endOfStream())
    },
  })
  scene.serve([])
  const leaves = new AbortController()
  const waits = scene.chat({ messages: LARGE }, { signal: leaves.signal })
  while (scene.wakes === 0) await new Promise(setImmediate)
  const refused = await scene.chat({ messages: LARGE })
  assert.equal(refused.status, 429)
  assert.match(await refused.text(), /Too many large requests are under way/)
  const packed = gzipSync(JSON.stringify({ model: "tiny", messages: LARGE }))
  const headers = { authorization: `Bearer ${scene.key}`, "content-encoding": "gzip" }
  const url = `${scene.url}/v1/chat/completions`
  assert.equal((await fetch(url, { method: "POST", headers, body: packed })).status, 429)
  leaves.abort()
  await assert.rejects(waits)
  scene.serve([scene.engine.replica()])
  // The server hears of it a moment later.
  let stream = await scene.chat({ messages: LARGE, stream: true })
  while (stream.status === 429) stream = await scene.chat({ messages: LARGE, stream: true })
  await begun.promise
  const reader = stream.body!.getReader()
  await reader.read()
  assert.equal((await scene.chat({ messages: LARGE })).status, 200, "while the stream goes on")
  go.resolve()
  while (!(await reader.read()).done);
})
