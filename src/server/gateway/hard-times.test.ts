import assert from "node:assert/strict"
import { once } from "node:events"
import { request } from "node:http"
import { connect, createServer } from "node:net"
import { test } from "node:test"
import { GatewayScene } from "../../../test/support/gateway-scene.ts"
import { beginStream, chatChunk, data, endOfStream, streamWords } from "../../../test/support/scripted-engine.ts"

const CHAT = { model: "tiny", messages: [{ role: "user", content: "Hi" }], stream: true }

test("a body of 200 MB is refused while it comes, whoever sent it, and the rest is not kept", async () => {
  await using scene = await GatewayScene.start()
  for (const key of [scene.key, "sk-wrong"]) {
    const asked = request(`${scene.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}` },
    })
    asked.on("error", () => {})
    const answered = once(asked, "response")
    const piece = Buffer.alloc(1024 * 1024, 0x20)
    let status = 0
    void answered.then(([{ statusCode }]) => {
      status = statusCode
    })
    for (let sent = 0; sent < 200 && status === 0; sent++) {
      if (!asked.write(piece)) await Promise.race([once(asked, "drain"), answered])
    }
    await answered
    assert.equal(status, key === scene.key ? 413 : 401)
    asked.destroy()
  }
  assert.equal((await scene.chat()).status, 200)
})

test("a client that takes nothing slows the engine down, and gets all once it reads", async () => {
  const tokens = 4_000
  const big = "x".repeat(10_000)
  let written = 0
  const stalled = Promise.withResolvers<void>()
  await using scene = await GatewayScene.start({
    script: async (asked) => {
      const response = beginStream(asked)
      for (; written < tokens; written++) {
        if (response.write(data(chatChunk({ content: big })))) continue
        const drained = once(response, "drain").then(() => true)
        const waited = new Promise((resolve) => setTimeout(resolve, 300, false))
        if (!(await Promise.race([drained, waited]))) stalled.resolve()
        await drained
      }
      response.end(data(chatChunk({}, "stop")) + endOfStream())
    },
  })
  const response = await scene.chat({ stream: true })
  await stalled.promise
  assert.ok(written < tokens, "the engine could not send all of its 40 MB")
  const text = await response.text()
  assert.equal(text.split(big).length - 1, tokens)
  assert.ok(text.endsWith("data: [DONE]\n\n"))
})

test("an engine that speaks HTTP/1.0 and closes at the end, as MLX's does, is read like any other; without the end mark it is lost", async () => {
  await using scene = await GatewayScene.start()
  const stream = (end: string) => `: keepalive 1/2\n\n${data(chatChunk({ content: "Hel" }))}${end}`
  let end = data(chatChunk({}, "stop")) + endOfStream()
  const server = createServer((socket) => {
    socket.once("data", () => socket.end(`HTTP/1.0 200 OK\r\nContent-type: text/event-stream\r\n\r\n${stream(end)}`))
    socket.on("error", () => {})
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as { port: number }
  scene.serve([scene.engine.replica({ url: `http://127.0.0.1:${port}` })])
  assert.match(await (await scene.chat({ stream: true })).text(), /"Hel".*\[DONE\]/s)
  end = ""
  assert.match(await (await scene.chat({ stream: true })).text(), /"Hel".*was lost: it was cut/s)
  server.close()
})

test("an engine that is silent, but for comments, is lost; its client hears comments meanwhile", async () => {
  await using scene = await GatewayScene.start({
    limits: { silenceMs: 400, aliveMs: 50, tries: 1 },
    script: (asked) => {
      const response = beginStream(asked)
      const pings = setInterval(() => response.write(": ping\n\n"), 20)
      response.once("close", () => clearInterval(pings))
    },
  })
  const response = await scene.chat({ stream: true })
  assert.equal(response.status, 200)
  assert.match(await response.text(), /^(: working on it\n\n)+data: \{"error":.*silent for too long/)
  assert.match(scene.failures.join(), /silent for too long/)
})

test("a server that stops tells the clients of its streams", async () => {
  const begun = Promise.withResolvers<void>()
  await using scene = await GatewayScene.start({
    script: (asked) => void beginStream(asked).write(data(chatChunk({ content: "Hel" })), () => begun.resolve()),
  })
  const text = scene.chat({ stream: true }).then((response) => response.text())
  await begun.promise
  // What was sent must have come through before the end, or the client would be told by a status.
  const reader = await scene.chat({ stream: true })
  const second = reader.body!.getReader()
  await second.read()
  await scene.server.stop()
  assert.match(await text, /server is stopping/)
})

test("connections are used again, and one that the engine closed meanwhile is no loss", async () => {
  await using scene = await GatewayScene.start()
  const sockets = new Set<unknown>()
  scene.engine.script = (asked) => {
    sockets.add(asked.request.socket)
    streamWords(asked, ["Hello"])
  }
  for (let index = 0; index < 5; index++) await (await scene.chat({ stream: true })).text()
  assert.equal(sockets.size, 1)
  scene.engine.script = (asked) => {
    streamWords(asked, ["Hello"])
    asked.request.socket.end()
  }
  for (let index = 0; index < 20; index++) assert.match(await (await scene.chat({ stream: true })).text(), /\[DONE\]/)
  assert.deepEqual(scene.failures, [])
})

test("a client that leaves while it waits leaves the queue", async () => {
  await using scene = await GatewayScene.start({ limits: { waiting: 1 } })
  scene.serve([])
  const socket = connect(Number(new URL(scene.url).port), "127.0.0.1")
  const body = JSON.stringify(CHAT)
  const woken = Promise.withResolvers<void>()
  scene.serve([], { wake: () => woken.resolve() })
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${scene.key}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
  await woken.promise
  assert.equal((await scene.chat()).status, 429)
  socket.destroy()
  // The server hears of that in its own time.
  for (;;) {
    const next = scene.chat(CHAT)
    const woken = Promise.withResolvers<boolean>()
    scene.serve([], { wake: () => woken.resolve(true) })
    if (await Promise.race([woken.promise, next.then(({ status }) => status !== 429)])) {
      scene.serve([scene.engine.replica()])
      assert.equal((await next).status, 200)
      return
    }
  }
})

test("what is certainly longer than the context is refused in each dialect, and no engine sees it", async () => {
  await using scene = await GatewayScene.start()
  const content = "hello world ".repeat(100_000)
  const messages = [{ role: "user", content }]
  const many = Array.from({ length: 2_049 }, () => ({ role: "user", content: "a" }))
  const asked: [path: string, body: object][] = [
    ["/v1/chat/completions", { messages }],
    ["/v1/chat/completions", { messages: many, stream: true }],
    ["/v1/completions", { prompt: content }],
    ["/v1/responses", { input: content }],
    ["/v1/messages", { messages, max_tokens: 5 }],
  ]
  for (const [path, body] of asked) {
    const response = await scene.post(path, { model: "tiny", ...body })
    const { error } = (await response.json()) as { error: { message: string; code?: string } }
    assert.equal(response.status, 400, path)
    assert.match(error.message, /This model's maximum context length is 2048 tokens/)
    if (path !== "/v1/messages") assert.equal(error.code, "context_length_exceeded")
  }
  assert.equal(scene.engine.asked.length, 0)
  assert.equal((await scene.chat()).status, 200)
})
