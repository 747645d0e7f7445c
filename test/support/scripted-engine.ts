import { once } from "node:events"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import type { Replica } from "../../src/server/gateway/served-models.ts"

/** What an engine was asked. */
export interface EngineAsked {
  readonly path: string
  readonly body: Readonly<Record<string, unknown>>
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

export type EngineScript = (asked: EngineAsked) => void | Promise<void>

/** An HTTP server that answers as a test says, in the shapes of llama.cpp and MLX. */
export class ScriptedEngine implements AsyncDisposable {
  readonly asked: EngineAsked[] = []
  script: EngineScript
  readonly #server: Server

  private constructor(server: Server, script: EngineScript) {
    this.#server = server
    this.script = script
  }

  static async start(
    script: EngineScript = (asked) => streamWords(asked, ["Hello", " world"]),
  ): Promise<ScriptedEngine> {
    const server = createServer()
    const engine = new ScriptedEngine(server, script)
    server.on("request", async (request: IncomingMessage, response: ServerResponse) => {
      let text = ""
      for await (const chunk of request) text += String(chunk)
      const asked = { path: request.url ?? "", body: JSON.parse(text), request, response }
      engine.asked.push(asked)
      await engine.script(asked)
    })
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    return engine
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  replica(change: Partial<Replica> = {}): Replica {
    return { id: `replica-${this.url}`, url: this.url, model: "/models/secret.gguf", slots: 4, key: null, ...change }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

const HEAD = { id: "chatcmpl-engine", created: 1_790_000_000, system_fingerprint: "b1" }

/** One chunk of a chat as engines send it. */
export function chatChunk(delta: object, finish: string | null = null, model = "/models/secret.gguf"): object {
  return { ...HEAD, object: "chat.completion.chunk", model, choices: [{ index: 0, delta, finish_reason: finish }] }
}

export const USAGE = {
  prompt_tokens: 11,
  completion_tokens: 2,
  total_tokens: 13,
  prompt_tokens_details: { cached_tokens: 4 },
}

/** What ends a stream: the usage, then the end mark. */
export function endOfStream(): string {
  const usage = { ...HEAD, object: "chat.completion.chunk", model: "/models/secret.gguf", choices: [], usage: USAGE }
  return `data: ${JSON.stringify(usage)}\n\ndata: [DONE]\n\n`
}

export function data(chunk: object): string {
  return `data: ${JSON.stringify(chunk)}\n\n`
}

export function beginStream({ response }: EngineAsked): ServerResponse {
  response.writeHead(200, { "content-type": "text/event-stream" })
  return response
}

/** A whole good answer: streamed or not, as asked. */
export function streamWords(asked: EngineAsked, words: readonly string[]): void {
  if (asked.body.stream !== true) {
    const choice = { index: 0, message: { role: "assistant", content: words.join("") }, finish_reason: "stop" }
    const answer = { ...HEAD, object: "chat.completion", model: asked.body.model, choices: [choice], usage: USAGE }
    asked.response.end(JSON.stringify(answer))
    return
  }
  const response = beginStream(asked)
  response.write(data(chatChunk({ role: "assistant", content: null })))
  for (const word of words) response.write(data(chatChunk({ content: word })))
  response.end(data(chatChunk({}, "stop")) + endOfStream())
}

/** The same with calls of tools, their arguments in pieces. */
export function streamCalls(asked: EngineAsked, calls: readonly { name: string; pieces: readonly string[] }[]): void {
  const head = (index: number, name: string) => ({
    index,
    id: `call_${index}`,
    type: "function",
    function: { name, arguments: "" },
  })
  if (asked.body.stream !== true) {
    const toolCalls = calls.map(({ name, pieces }, index) => ({
      id: `call_${index}`,
      type: "function",
      function: { name, arguments: pieces.join("") },
    }))
    const message = { role: "assistant", content: null, tool_calls: toolCalls }
    const choice = { index: 0, message, finish_reason: "tool_calls" }
    asked.response.end(JSON.stringify({ ...HEAD, object: "chat.completion", choices: [choice], usage: USAGE }))
    return
  }
  const response = beginStream(asked)
  response.write(data(chatChunk({ role: "assistant", content: null })))
  for (const [index, { name, pieces }] of calls.entries()) {
    response.write(data(chatChunk({ tool_calls: [head(index, name)] })))
    for (const piece of pieces)
      response.write(data(chatChunk({ tool_calls: [{ index, function: { arguments: piece } }] })))
  }
  response.end(data(chatChunk({}, "tool_calls")) + endOfStream())
}
