/**
 * An engine for the benchmark of the gateway, in a process of its own: its tokens cost nothing. A request says in `max_tokens` how
 * many it wants, and in its message whether one each 100 ms (`paced`), or as fast as they are taken.
 */
import { createServer, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

const TOKEN_MS = 100
const PHASES = 10

interface Paced {
  readonly response: ServerResponse
  left: number
}

const chunk = (choices: object[], more: object = {}) =>
  `data: ${JSON.stringify({ id: "chatcmpl-x", object: "chat.completion.chunk", created: 1, model: "m", choices, ...more })}\n\n`
const TOKEN = chunk([{ index: 0, delta: { content: "token" }, finish_reason: null }])
const BEGIN = chunk([{ index: 0, delta: { role: "assistant", content: null }, finish_reason: null }])
const end = (tokens: number) =>
  `${chunk([{ index: 0, delta: {}, finish_reason: "stop" }])}${chunk([], { usage: { prompt_tokens: 1, completion_tokens: tokens, total_tokens: tokens + 1 } })}data: [DONE]\n\n`

/** Streams by the tenth of their 100 ms at which their tokens come, so that not all come at once. */
const phases: Set<Paced>[] = Array.from({ length: PHASES }, () => new Set())
let next = 0
setInterval(() => {
  const phase = phases[next++ % PHASES]!
  for (const stream of phase) {
    stream.response.write(TOKEN)
    if (--stream.left > 0) continue
    phase.delete(stream)
    stream.response.end(end(1))
  }
}, TOKEN_MS / PHASES)

let added = 0
const server = createServer(async (request, response) => {
  let text = ""
  for await (const part of request) text += String(part)
  const body = JSON.parse(text) as { max_tokens: number; messages: { content: string }[] }
  response.writeHead(200, { "content-type": "text/event-stream" })
  response.write(BEGIN)
  if (body.messages[0]?.content === "paced") {
    phases[added++ % PHASES]!.add({ response, left: body.max_tokens })
    return
  }
  for (let sent = 0; sent < body.max_tokens; sent++) {
    response.write(TOKEN)
    // One token a turn, as an engine has it: not all in one piece.
    await new Promise((resolve) => setImmediate(resolve))
  }
  response.end(end(body.max_tokens))
})
server.keepAliveTimeout = 60_000
server.listen(0, "127.0.0.1", 8_192, () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.once("disconnect", () => process.exit())
