import type { Agent, IncomingMessage } from "node:http"
import { backoffMs } from "../base/backoff.ts"
import type { Clock } from "../base/clock.ts"
import { WindfallError } from "../protocol/errors.ts"
import { nodeHttp, nodeHttps } from "./builtin.ts"
import type { Login } from "./config.ts"
import { readError, readJson, sendBytes } from "./http-body.ts"
import { checkPath } from "./request-path.ts"
import { placeOf, readServerUrl } from "./server-url.ts"
import { trustOf, unknownOutcome, unreachable } from "./unreachable.ts"

export type Query = Readonly<Record<string, string | number | boolean | null | undefined>>

export interface RequestOptions {
  readonly query?: Query | undefined
  readonly signal?: AbortSignal | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** How long to keep trying when the server, once reached, is gone (it restarts). 0 tries once. */
  readonly patienceMs?: number | undefined
  /** Called before each further try. */
  readonly onRetry?: (() => void) | undefined
  /** What a refusal says, where it is not in the shape of the API. */
  readonly readRefusal?: ((response: IncomingMessage) => Promise<Error>) | undefined
}

/** What to send: JSON, or bytes made anew for each try. */
type Body = { readonly json: unknown } | { readonly bytes: () => AsyncIterable<Uint8Array> } | undefined

/** What else there is to know about a request. */
interface Handling<Answer> {
  /** Reads the answer; when it breaks in there, the request is tried again. */
  readonly read: (response: IncomingMessage) => Promise<Answer>
  /** It changes something, and carries an idempotency key. */
  readonly changes?: boolean
  readonly onSent?: ((bytes: number) => void) | undefined
}

const PATIENCE_MS = 8_000
const CONNECT_TIMEOUT_MS = 10_000

/** One try's connection: whether it was made, so that the server may have got the request. */
interface Way {
  made: boolean
}

export interface ClientOptions {
  readonly login: Login
  readonly clock: Clock
  readonly random: () => number
  /** What starts the server, where it is known; asked for when it cannot be reached. */
  readonly startLine?: () => Promise<string | undefined>
}

/**
 * The server's HTTP API over kept-alive connections. Requests that change nothing, and those under an idempotency key, are
 * tried again when the connection breaks; a server never reached is said at once. `link_lost` says of a request that changes
 * something that nobody knows whether it did.
 */
export class Client {
  readonly url: string
  readonly #base: URL
  readonly #login: Login
  readonly #clock: Clock
  readonly #random: () => number
  readonly #startLine: (() => Promise<string | undefined>) | undefined
  #agent: Agent | undefined
  #reached = false

  constructor(options: ClientOptions) {
    this.#login = options.login
    this.#clock = options.clock
    this.#random = options.random
    this.#startLine = options.startLine
    const { url, socket } = options.login
    this.#base = readServerUrl(socket === undefined ? url : "http://localhost")
    this.url = socket === undefined ? this.#base.href.replace(/\/$/, "") : url
  }

  get<Answer>(path: string, options: RequestOptions = {}): Promise<Answer> {
    return this.#json("GET", path, undefined, options)
  }

  /** Safe to repeat: carries an idempotency key, the same one in each try. */
  post<Answer>(path: string, body: unknown, options: RequestOptions = {}): Promise<Answer> {
    return this.#json("POST", path, { json: body }, this.#keyed(options), true)
  }

  /** POSTs a question too long for a URL. It changes nothing, so it is safe to repeat without a key for the server to keep. */
  ask<Answer>(path: string, body: unknown, options: RequestOptions = {}): Promise<Answer> {
    return this.#json("POST", path, { json: body }, options)
  }

  put<Answer>(path: string, body: unknown, options: RequestOptions = {}): Promise<Answer> {
    return this.#json("PUT", path, { json: body }, options)
  }

  delete<Answer>(path: string, options: RequestOptions = {}): Promise<Answer> {
    return this.#json("DELETE", path, undefined, options)
  }

  /** POSTs bytes; `bytes` is called again for each try. Storing content under its hash is safe to repeat. */
  async upload<Answer>(
    path: string,
    bytes: () => AsyncIterable<Uint8Array>,
    options: RequestOptions & { onSent?: (bytes: number) => void } = {},
  ): Promise<Answer> {
    const read = async (response: IncomingMessage) => (await readJson(response)) as Answer
    return this.#request("POST", path, { bytes }, options, { read, onSent: options.onSent })
  }

  /**
   * A body to be read as it comes. A broken one throws in the reading, and is the caller's to ask for again.
   * @param options.changes whether what is asked for changes anything: it then carries an idempotency key
   */
  open(
    method: "GET" | "POST",
    path: string,
    options: RequestOptions & { body?: unknown; changes?: boolean } = {},
  ): Promise<IncomingMessage> {
    const body = options.body === undefined ? undefined : { json: options.body }
    const changes = options.changes === true
    const read = async (response: IncomingMessage) => response
    return this.#request(method, path, body, changes ? this.#keyed(options) : options, { read, changes })
  }

  /** Lets go of idle connections, so that the process can end. */
  close(): void {
    this.#agent?.destroy()
  }

  #json<Answer>(method: string, path: string, body: Body, options: RequestOptions, changes = false): Promise<Answer> {
    const read = async (response: IncomingMessage) => (await readJson(response)) as Answer
    return this.#request(method, path, body, options, { read, changes })
  }

  #keyed(options: RequestOptions): RequestOptions {
    return { ...options, headers: { "idempotency-key": makeKey(this.#random), ...options.headers } }
  }

  async #request<Answer>(
    method: string,
    path: string,
    body: Body,
    options: RequestOptions,
    { read, changes = false, onSent }: Handling<Answer>,
  ): Promise<Answer> {
    checkPath(path)
    const patienceMs = options.patienceMs ?? PATIENCE_MS
    const startedAt = this.#clock.monotonicMs()
    let unanswered = 0
    let wasOpened = false
    for (let round = 0; ; round++) {
      options.signal?.throwIfAborted()
      const way: Way = { made: false }
      try {
        const response = await this.#once(method, path, body, options, onSent, way)
        this.#reached = true
        if (isSuccess(response)) return await read(response)
        throw await (options.readRefusal?.(response) ?? readError(response, method, path))
      } catch (error) {
        options.signal?.throwIfAborted()
        if (this.#login.socket !== undefined && !way.made && !wasOpened) {
          wasOpened = true
          await (await import("./ssh-way/ssh-way.ts")).openSshWay(this.#login, options.signal)
          continue
        }
        if (way.made && isBroken(error)) unanswered++
        // Who answers plain HTTP with silence may well speak TLS only: one more try is enough, where nothing was changed.
        const known = this.#reached || (unanswered > 0 && (changes || unanswered < 2))
        const again = known && (isBroken(error) || isStarting(error))
        const waitMs = backoffMs(round, this.#random, 50, 1_000)
        const waitedMs = this.#clock.monotonicMs() - startedAt
        if (!again || waitedMs + waitMs > patienceMs) {
          const reason = await this.#explained(error)
          throw changes && unanswered > 0 && again ? unknownOutcome(reason, this.url) : reason
        }
        options.onRetry?.()
        await this.#clock.sleep(waitMs, { signal: options.signal })
      }
    }
  }

  async #explained(error: unknown): Promise<unknown> {
    if (error instanceof WindfallError) return error
    const { url, socket } = this.#login
    if (socket !== undefined && isBroken(error)) {
      const { farEndProblem } = await import("./ssh-way/ssh-problem.ts")
      return farEndProblem(url, `${socket}.log`, error)
    }
    return unreachable(error, this.#login, this.#reached, await this.#startLine?.())
  }

  #once(
    method: string,
    path: string,
    body: Body,
    options: RequestOptions,
    onSent: ((bytes: number) => void) | undefined,
    way: Way,
  ): Promise<IncomingMessage> {
    const json = body !== undefined && "json" in body ? Buffer.from(JSON.stringify(body.json)) : undefined
    const headers: Record<string, string | number> = {
      authorization: `Bearer ${this.#login.token}`,
      accept: "*/*",
      ...options.headers,
    }
    if (json !== undefined) {
      headers["content-type"] = "application/json"
      headers["content-length"] = json.length
    } else if (body !== undefined) headers["content-type"] = "application/octet-stream"
    return new Promise((resolve, reject) => {
      const secure = this.#base.protocol === "https:"
      const request = (secure ? nodeHttps() : nodeHttp()).request(
        {
          agent: this.#connections(secure),
          ...placeOf(this.#login, this.#base),
          method,
          path: this.#base.pathname.replace(/\/$/, "") + path + queryText(options.query),
          headers,
          ...(options.signal === undefined ? {} : { signal: options.signal }),
        },
        (response) => resolve(response),
      )
      // Only for the way to the server: an answer may take as long as it takes.
      request.on("socket", (socket) => {
        way.made = !socket.connecting
        if (way.made) return
        const timer = setTimeout(
          () => request.destroy(Object.assign(new Error("no answer"), { code: "ETIMEDOUT" })),
          CONNECT_TIMEOUT_MS,
        )
        const done = () => clearTimeout(timer)
        socket.once("connect", done)
        socket.once(secure ? "secureConnect" : "connect", () => {
          way.made = true
        })
        socket.once("close", done)
      })
      request.on("error", reject)
      if (body !== undefined && "bytes" in body) {
        sendBytes(request, body.bytes(), onSent).catch((error) => request.destroy(error as Error))
      } else request.end(json)
    })
  }

  #connections(secure: boolean): Agent {
    const options = { keepAlive: true, maxSockets: 16 }
    this.#agent ??= secure
      ? new (nodeHttps().Agent)({ ...options, ...trustOf(this.#login) })
      : new (nodeHttp().Agent)(options)
    return this.#agent
  }
}

function queryText(query: Query | undefined): string {
  if (query === undefined) return ""
  const parts: string[] = []
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null) parts.push(`${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
  }
  return parts.length === 0 ? "" : `?${parts.join("&")}`
}

function isSuccess(response: IncomingMessage): boolean {
  const status = response.statusCode ?? 0
  return status >= 200 && status < 300
}

const BROKEN = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ECONNABORTED",
])

/** Whether the connection, not the request, is what failed. */
export function isBroken(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === "string" && BROKEN.has(code)
}

function isStarting(error: unknown): boolean {
  return error instanceof WindfallError && error.code === "server_unreachable"
}

/** Not a secret: it only has to differ from the caller's other keys. */
function makeKey(random: () => number): string {
  let key = ""
  while (key.length < 32) key += Math.floor(random() * 2 ** 32).toString(36)
  return key.slice(0, 32)
}
