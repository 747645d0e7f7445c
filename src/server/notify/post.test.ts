import assert from "node:assert/strict"
import { test } from "node:test"
import { MessageReceiver } from "../../../test/support/message-receiver.ts"
import { post } from "./post.ts"

const NEVER = new AbortController().signal
const message = (url: string) => ({ url, headers: { "content-type": "application/json" }, body: "{}" })

test("a name that leads into the server's own network is refused as it is connected to, and never reached", async () => {
  await using receiver = await MessageReceiver.start()
  const options = { allowPrivate: false, timeoutMs: 5_000, signal: NEVER }
  for (const url of [
    `https://localhost:${receiver.port}/x`,
    receiver.at("/x", "https"),
    "https://[::ffff:127.0.0.1]/x",
  ]) {
    await assert.rejects(post(message(url), options), /leads into the server's own network, which is not allowed/)
  }
  assert.deepEqual(receiver.received, [])
  const near = await post(message(`http://localhost:${receiver.port}/x`), { ...options, allowPrivate: true })
  assert.equal(near.status, 200)
})

test("beyond the server's own network nothing goes over http", async () => {
  const options = { allowPrivate: true, timeoutMs: 5_000, signal: NEVER }
  await assert.rejects(post(message("http://1.1.1.1/x"), options), /it takes https/)
})

test("who does not answer is let go of, and what is asked to wait is told", async () => {
  await using receiver = await MessageReceiver.start()
  const options = { allowPrivate: true, timeoutMs: 50, signal: NEVER }
  receiver.answer = () => null
  await assert.rejects(post(message(receiver.at("/x")), options), /no answer within 0\.05 s/)
  receiver.answer = () => ({ status: 429, headers: { "retry-after": "120" } })
  const answer = await post(message(receiver.at("/x")), { ...options, timeoutMs: 5_000 })
  assert.deepEqual(answer, { status: 429, retryAfterMs: 120_000 })
  const stopping = new AbortController()
  receiver.answer = () => {
    stopping.abort(new Error("the server is stopping"))
    return null
  }
  await assert.rejects(post(message(receiver.at("/x")), { ...options, timeoutMs: 5_000, signal: stopping.signal }))
})
