import assert from "node:assert/strict"
import { once } from "node:events"
import { request } from "node:http"
import { connect, createServer, type ServerHttp2Stream } from "node:http2"
import { text } from "node:stream/consumers"
import { test } from "node:test"
import { TunnelAgent } from "./tunnel-agent.ts"

const KEPT = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 4\r\n\r\nkept"
/** As MLX's: the end of the connection is the end of the answer. */
const UNTIL_END = "HTTP/1.0 200 OK\r\ncontent-type: text/plain\r\n\r\nuntil the end"

async function ask(agent: TunnelAgent): Promise<string> {
  const asked = request({ agent, host: "127.0.0.1", method: "POST", path: "/" })
  asked.end("{}")
  const [response] = await once(asked, "response")
  return text(response)
}

/** An engine behind streams of a link; each request gets the next of these answers. */
async function engineBehindLink(answers: readonly string[]) {
  const streams: ServerHttp2Stream[] = []
  let next = 0
  const server = createServer()
  server.on("stream", (stream: ServerHttp2Stream) => {
    streams.push(stream)
    stream.respond({ ":status": 200 })
    stream.on("error", () => {})
    stream.on("data", () => {
      const answer = answers[next++] ?? KEPT
      if (answer === KEPT) stream.write(answer)
      else stream.end(answer)
    })
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const link = connect(`http://127.0.0.1:${(server.address() as { port: number }).port}`)
  return {
    streams,
    open: async () => {
      const stream = link.request({ ":method": "POST" }, { endStream: false })
      await once(stream, "response")
      return stream
    },
    [Symbol.asyncDispose]: async () => {
      link.destroy()
      await new Promise((closed) => server.close(closed))
    },
  }
}

test("a connection that its engine has ended is not used again; one that it keeps is", {
  timeout: 120_000,
}, async () => {
  await using engine = await engineBehindLink([KEPT, KEPT, KEPT, UNTIL_END, KEPT])
  const agent = new TunnelAgent(engine.open)
  for (let index = 0; index < 2; index++) assert.equal(await ask(agent), "kept")
  assert.equal(engine.streams.length, 1)
  // As llama-server does after a stream, without a word of it in the answer.
  engine.streams[0]?.end()
  const hasFree = () => Object.values(agent.freeSockets).some((free) => (free?.length ?? 0) > 0)
  while (hasFree()) await new Promise((later) => setTimeout(later, 5))
  for (const expected of ["kept", "until the end", "kept"]) assert.equal(await ask(agent), expected)
  assert.equal(engine.streams.length, 3)
  agent.destroy()
})
