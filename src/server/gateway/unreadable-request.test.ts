import assert from "node:assert/strict"
import { once } from "node:events"
import { connect } from "node:net"
import { test } from "node:test"
import { GatewayScene } from "../../../test/support/gateway-scene.ts"
import { beginStream, chatChunk, data } from "../../../test/support/scripted-engine.ts"

/** What comes back to these bytes, until the server closes. */
async function answerTo(url: string, ...parts: string[]): Promise<string> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1")
  let text = ""
  socket.on("data", (bytes) => {
    text += String(bytes)
  })
  socket.on("error", () => {})
  for (const part of parts) socket.write(part)
  await once(socket, "close")
  return text
}

test("what is no HTTP is answered in the shape of the dialects, and the connection ends", async () => {
  await using scene = await GatewayScene.start()
  const key = `host: x\r\nauthorization: Bearer ${scene.key}\r\n`
  const large = `x-large: ${"x".repeat(70_000)}\r\n`
  const chat = "POST /v1/chat/completions HTTP/1.1\r\n"
  const cases: [status: number, message: RegExp, ...parts: string[]][] = [
    [400, /^The request cannot be read: It is no HTTP\/1\.1 \(HPE_INVALID_METHOD\)$/, "HELLO\r\n\r\n"],
    [400, /\(HPE_INVALID_\w+\)$/, `POST /v1/chat completions HTTP/1.1\r\n${key}\r\n`],
    [400, /\(HPE_INVALID_\w+\)$/, `${chat}${key}content length: 5\r\n\r\n`],
    [431, /^The request cannot be read: Its headers are larger than 16 KiB$/, `${chat}${key}${large}\r\n`],
    [400, /\(HPE_INVALID_CHUNK_SIZE\)$/, `${chat}${key}transfer-encoding: chunked\r\n\r\n`, '5\r\n{"a":\r\nzz\r\n'],
    [400, /\(HPE_\w+\)$/, `${chat}${key}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n`],
  ]
  for (const [status, message, ...parts] of cases) {
    const text = await answerTo(scene.url, ...parts)
    const [head = "", body = ""] = text.split("\r\n\r\n")
    assert.ok(head.startsWith(`HTTP/1.1 ${status} `), head)
    assert.match(head, /\r\ncontent-type: application\/json\r\n/)
    const { error } = JSON.parse(body) as { error: { message: string; type: string } }
    assert.match(error.message, message)
    assert.equal(error.type, "invalid_request_error")
  }
  const anthropic = await answerTo(
    scene.url,
    `POST /v1/messages HTTP/1.1\r\n${key}anthropic-version: 1\r\n${large}\r\n`,
  )
  assert.match(
    anthropic,
    /^HTTP\/1\.1 431 .*\{"type":"error","error":\{"type":"request_too_large".*"request_id":"req_/s,
  )
  assert.equal((await scene.chat()).status, 200)
})

test("an answer that has begun is cut by what is no HTTP behind it, and nothing is written into it", async () => {
  const cut = Promise.withResolvers<void>()
  await using scene = await GatewayScene.start({
    script: (asked) => {
      const response = beginStream(asked)
      response.once("close", () => cut.resolve())
      response.write(data(chatChunk({ content: "Hel" })))
    },
  })
  const body = JSON.stringify({ model: "tiny", messages: [{ role: "user", content: "Hi" }], stream: true })
  const socket = connect(Number(new URL(scene.url).port), "127.0.0.1")
  let text = ""
  socket.on("error", () => {})
  socket.on("data", (bytes) => {
    if (!text.includes("Hel") && `${text}${bytes}`.includes("Hel")) socket.write("HELLO\r\n\r\n")
    text += String(bytes)
  })
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${scene.key}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
  await once(socket, "close")
  await cut.promise
  assert.equal(text.match(/HTTP\/1\.1/g)?.length, 1, text)
})
