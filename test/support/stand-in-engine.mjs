// Stands in for llama.cpp's programs on a simulated host: `engine.mjs head|worker ...`, with the flags and answers that members ask for.
import { openSync, readSync } from "node:fs"
import { createServer } from "node:http"
import { createServer as createTcpServer } from "node:net"

const [role, ...words] = process.argv.slice(2)
const optionOf = (...names) => words[words.findIndex((word) => names.includes(word)) + 1]

if (words.includes("--version")) console.log("version: 1 (stand-in)")
else if (words.includes("--help")) console.log("  --rpc SERVERS\n  --offline")
else if (words.includes("--list-devices")) console.log("Available devices:")
else if (role === "worker") {
  const server = createTcpServer(() => {})
  server.listen(Number(optionOf("-p")), optionOf("-H"), () => console.log("Starting RPC server v1.0.0"))
} else serve()

function serve() {
  const magic = Buffer.alloc(4)
  readSync(openSync(optionOf("--model"), "r"), magic, 0, 4, 0)
  if (magic.toString() !== "GGUF") throw new Error("it is no model")
  const model = optionOf("--alias")
  const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }
  const answer = (body) => {
    if (body.prompt !== undefined) return { object: "text_completion", model, choices: [{ text: "a b" }], usage }
    const message = { role: "assistant", content: `You said: ${body.messages.at(-1).content}` }
    return { object: "chat.completion", model, choices: [{ index: 0, message, finish_reason: "stop" }], usage }
  }
  const stream = async (response, body) => {
    response.writeHead(200, { "content-type": "text/event-stream" })
    const chunk = (delta, finish_reason = null) => {
      const whole = { object: "chat.completion.chunk", model, choices: [{ index: 0, delta, finish_reason }] }
      response.write(`data: ${JSON.stringify(whole)}\n\n`)
    }
    response.on("close", () => response.writableFinished || console.error("the client has left"))
    chunk({ role: "assistant", content: null })
    if (body.messages.at(-1).content === "for ever") {
      while (!response.destroyed) {
        chunk({ content: "on " })
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
      return
    }
    for (const word of answer(body).choices[0].message.content.split(/(?= )/)) {
      chunk({ content: word })
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    chunk({}, "stop")
    response.write(`data: ${JSON.stringify({ object: "chat.completion.chunk", model, choices: [], usage })}\n\n`)
    response.end("data: [DONE]\n\n")
  }
  const server = createServer(async (request, response) => {
    let text = ""
    for await (const piece of request) text += piece
    const isOpen = request.url === "/health"
    if (!isOpen && request.headers.authorization !== `Bearer ${process.env.LLAMA_API_KEY}`) {
      response.writeHead(401).end("{}")
    } else if (request.method === "GET") response.end(isOpen ? '{"status":"ok"}' : "[]")
    else {
      const body = JSON.parse(text)
      const [, waitMs] = /^after (\d+) ms$/.exec(body.messages?.at(-1).content) ?? []
      if (waitMs !== undefined) await new Promise((resolve) => setTimeout(resolve, Number(waitMs)))
      if (body.stream === true) await stream(response, body)
      else response.end(JSON.stringify(answer(body)))
    }
  })
  server.listen(Number(optionOf("--port")), optionOf("--host"))
}
