import { once } from "node:events"
import type { IncomingMessage, ServerResponse } from "node:http"
import { anthropicError } from "../../gateway/anthropic-error.ts"
import type { GatewayProblem } from "../../gateway/gateway-problem.ts"
import type { JsonObject } from "../../gateway/json-object.ts"
import { openAiError } from "../../gateway/openai-error.ts"
import type { GatewayLimits } from "./gateway-limits.ts"

/** What is left of a request that is refused is read for this long, so that the client gets to read why. */
const LINGER_MS = 5_000
/** Clients that try by themselves are told not to where it would be in vain for longer than this. */
const LONG_WAIT_S = 60
const LONGEST_COMMENT = 200

export interface ClientAbout {
  readonly requestId: string
  readonly isAnthropic: boolean
  /** Ends the request; aborted when the client leaves, by others for other reasons. */
  readonly end: AbortController
}

/** The way back to one client: an answer at once, or a stream. */
export class ClientAnswer {
  readonly #response: ServerResponse
  readonly #request: IncomingMessage
  readonly #limits: GatewayLimits
  readonly #requestId: string
  readonly #isAnthropic: boolean
  readonly #end: AbortController
  #alive: NodeJS.Timeout | undefined
  /** Whether the client has left before its answer was whole. */
  isGone = false

  constructor(request: IncomingMessage, response: ServerResponse, limits: GatewayLimits, about: ClientAbout) {
    this.#request = request
    this.#response = response
    this.#limits = limits
    this.#requestId = about.requestId
    this.#isAnthropic = about.isAnthropic
    this.#end = about.end
    response.setHeader(about.isAnthropic ? "request-id" : "x-request-id", about.requestId)
    // Pages in a browser may ask: they need a key like everybody, and there are no cookies that would be sent along.
    if (request.headers.origin !== undefined) {
      response.setHeader("access-control-allow-origin", "*")
      response.setHeader("access-control-expose-headers", "request-id, retry-after, x-request-id, x-windfall-ignored")
    }
    response.once("close", () => {
      clearInterval(this.#alive)
      if (!response.writableFinished) this.#leave()
    })
    response.on("error", () => this.#leave())
  }

  #leave(): void {
    this.isGone = true
    this.#end.abort(new Error("The client has left"))
  }

  /** Whether the status has left: errors can only be told within the stream. */
  get isStreaming(): boolean {
    return this.#response.headersSent
  }

  header(name: string, value: string): void {
    if (!this.#response.headersSent) this.#response.setHeader(name, value)
  }

  /**
   * From now on the client hears now and then that its request lives, also while there is no token. The first such word is the answer's
   * status: what goes wrong afterwards is told within the stream.
   * @param doing what is done for it, in words
   */
  keepAlive(doing: () => string): void {
    this.#alive ??= setInterval(() => {
      if (this.#response.writableEnded || this.#response.writableNeedDrain) return
      this.#begin()
      this.#response.write(comment(doing()))
    }, this.#limits.aliveMs)
  }

  /** Sends a part of a stream. Resolves when there is room for more; `undefined` where there is now. @throws as `end` was aborted */
  write(text: string): Promise<void> | undefined {
    this.#end.signal.throwIfAborted()
    this.#begin()
    this.#alive?.refresh()
    return this.#response.write(text) ? undefined : this.#room()
  }

  async #room(): Promise<void> {
    const timer = setTimeout(() => this.#response.destroy(), this.#limits.drainMs)
    try {
      await once(this.#response, "drain", { signal: this.#end.signal })
    } finally {
      clearTimeout(timer)
    }
  }

  /** Sends the last part of a stream. */
  end(text: string): void {
    clearInterval(this.#alive)
    this.#begin()
    this.#response.end(text)
  }

  /** What a browser asks before the request itself, and what any client may ask of a path. */
  preflight(methods: readonly string[]): void {
    const { origin, "access-control-request-headers": wanted = "authorization, content-type" } = this.#request.headers
    const list = methods.join(", ")
    this.header("allow", list)
    if (origin !== undefined) {
      this.header("access-control-allow-methods", list)
      this.header("access-control-allow-headers", wanted.slice(0, 2_000))
      this.header("access-control-max-age", "86400")
    }
    this.#response.writeHead(204)
    this.#response.end()
    this.#linger()
  }

  json(status: number, body: JsonObject): void {
    clearInterval(this.#alive)
    const text = JSON.stringify(body)
    this.#response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) })
    this.#response.end(this.#request.method === "HEAD" ? undefined : text)
    this.#linger()
  }

  /** Tells what is wrong, in the dialect's own shape. Only before a stream has begun. */
  refuse(problem: GatewayProblem): void {
    const { retryAfterS, mayRetry, status } = problem
    if (retryAfterS !== null) this.header("retry-after", String(retryAfterS))
    if (!mayRetry || (retryAfterS ?? 0) > LONG_WAIT_S) this.header("x-should-retry", "false")
    this.json(status, this.#isAnthropic ? anthropicError(problem, this.#requestId) : openAiError(problem))
  }

  #begin(): void {
    if (this.#response.headersSent) return
    this.#response.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache",
      "x-accel-buffering": "no",
    })
  }

  /** A body that still comes must not keep the connection; closing it at once could take the answer away from the client. */
  #linger(): void {
    if (this.#request.complete) return
    const timer = setTimeout(() => this.#request.complete || this.#request.socket.destroy(), LINGER_MS)
    // Of the request, not of its connection, which many others may come by.
    this.#request.once("close", () => clearTimeout(timer))
    this.#request.resume()
  }
}

/** What readers of event streams pass over. */
function comment(text: string): string {
  return `: ${text.replaceAll(/\s+/g, " ").slice(0, LONGEST_COMMENT)}\n\n`
}
