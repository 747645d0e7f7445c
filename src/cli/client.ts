import type { Agent, ClientRequest, IncomingMessage } from "node:http"
import { backoffMs } from "../base/backoff.ts"
import type { Clock } from "../base/clock.ts"
import { WindfallError } from "../protocol/errors.ts"
import { nodeHttp, nodeHttps } from "./builtin.ts"
import type { Login } from "./config.ts"

export type Query = Readonly<Record<string, string | number | boolean | null | undefined>>

export interface RequestOptions {
  readonly query?: Query | undefined
  readonly signal?: AbortSignal | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** How long to keep trying when the server, once reached, is gone (it restarts). 0 tries once. */
  readonly patienceMs?: number | undefined
  /** Called before each further try. */
  readonly onRetry?: (() => void) | undefined
}

/** What to send: JSON, or bytes made anew for each try. */
type Body = { readonly json: unknown } | { readonly bytes: () => AsyncIterable<Uint8Array> } | undefined

const PATIENCE_MS = 8_000
const CONNECT_TIMEOUT_MS = 10_000

/**
 * The server's HTTP API over kept-alive connections. Requests that change nothing, and those under an idempotency key, are
 * tried again when the connection breaks; a server never reached is said at once.
 */
export class Client {
  readonly url: string
  readonly #base: URL
  readonly #login: Login
  readonly #clock: Clock
  readonly #random: () => number
  #agent: Agent | undefined
  #reached = false

  constructor(options: { login: Login; clock: Clock; random: () => number }) {
    this.#login = options.login
    this.#clock = options.clock
    this.#random = options.random
    this.#base = readServerUrl(options.login.url)
    this.url = this.#base.href.replace(/\/$/, "")
  }

  get<Answer>(path: string, options: RequestOptions = {}): Promise<Answer> {
    return this.#json("GET", path, undefined, options)
  }

  /** Safe to repeat: carries an idempotency key, the same one in each try. */
  post<Answer>(path: string, body: unknown, options: RequestOptions = {}): Promise<Answer> {
    return this.#json("POST", path, { json: body }, this.#keyed(options))
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
    const response = await this.#request("POST", path, { bytes }, options, options.onSent)
    return (await readJson(response)) as Answer
  }

  /** A body to be read as it comes. A broken one throws in the reading, and is the caller's to ask for again. */
  open(
    method: "GET" | "POST",
    path: string,
    options: RequestOptions & { body?: unknown } = {},
  ): Promise<IncomingMessage> {
    const body = options.body === undefined ? undefined : { json: options.body }
    return this.#request(method, path, body, method === "POST" ? this.#keyed(options) : options)
  }

  /** Lets go of idle connections, so that the process can end. */
  close(): void {
    this.#agent?.destroy()
  }

  async #json<Answer>(method: string, path: string, body: Body, options: RequestOptions): Promise<Answer> {
    return (await readJson(await this.#request(method, path, body, options))) as Answer
  }

  #keyed(options: RequestOptions): RequestOptions {
    return { ...options, headers: { "idempotency-key": makeKey(this.#random), ...options.headers } }
  }

  async #request(
    method: string,
    path: string,
    body: Body,
    options: RequestOptions,
    onSent?: (bytes: number) => void,
  ): Promise<IncomingMessage> {
    const patienceMs = options.patienceMs ?? PATIENCE_MS
    const startedAt = this.#clock.monotonicMs()
    for (let round = 0; ; round++) {
      options.signal?.throwIfAborted()
      try {
        const response = await this.#once(method, path, body, options, onSent)
        this.#reached = true
        if (isSuccess(response)) return response
        throw await readError(response, method, path)
      } catch (error) {
        options.signal?.throwIfAborted()
        const again = isBroken(error) || isStarting(error)
        const waitMs = backoffMs(round, this.#random, 50, 1_000)
        const waitedMs = this.#clock.monotonicMs() - startedAt
        if (!again || !this.#reached || waitedMs + waitMs > patienceMs) throw this.#explain(error)
        options.onRetry?.()
        await this.#clock.sleep(waitMs, { signal: options.signal })
      }
    }
  }

  #once(
    method: string,
    path: string,
    body: Body,
    options: RequestOptions,
    onSent: ((bytes: number) => void) | undefined,
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
          host: this.#base.hostname.replace(/^\[|\]$/g, ""),
          port: this.#base.port === "" ? (secure ? 443 : 80) : this.#base.port,
          method,
          path: this.#base.pathname.replace(/\/$/, "") + path + queryText(options.query),
          headers,
          ...(options.signal === undefined ? {} : { signal: options.signal }),
        },
        (response) => resolve(response),
      )
      // Only for the way to the server: an answer may take as long as it takes.
      request.on("socket", (socket) => {
        if (!socket.connecting) return
        const timer = setTimeout(
          () => request.destroy(Object.assign(new Error("no answer"), { code: "ETIMEDOUT" })),
          CONNECT_TIMEOUT_MS,
        )
        const done = () => clearTimeout(timer)
        socket.once("connect", done)
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
      ? new (nodeHttps().Agent)({ ...options, ...(this.#login.ca === undefined ? {} : { ca: this.#login.ca }) })
      : new (nodeHttp().Agent)(options)
    return this.#agent
  }

  #explain(error: unknown): unknown {
    const code = (error as { code?: unknown } | null)?.code
    if (error instanceof WindfallError || typeof code !== "string") return error
    const certificate = /CERT|SIGNATURE|ISSUER|SELF_SIGNED|ALTNAME/.test(code)
    return new WindfallError(
      "server_unreachable",
      `Cannot reach the server at ${this.url}: ${reasonOf(code, error as Error)}`,
      {
        hint: certificate
          ? "Log in with the authority that signed its certificate: windfall login URL --ca FILE"
          : this.#reached
            ? "It answered a moment ago: is it being restarted? Try again."
            : "Start it with: windfall up   or log in to another one: windfall login URL",
        cause: error,
      },
    )
  }
}

/** Checks and normalizes a server's address. @throws {WindfallError} `invalid_input` */
export function readServerUrl(text: string): URL {
  let url: URL
  try {
    url = new URL(/^[a-z]+:\/\//i.test(text) ? text : `http://${text}`)
  } catch {
    throw new WindfallError("invalid_input", `Cannot use the server address ${JSON.stringify(text)}: it is not a URL`, {
      hint: "Write for instance http://127.0.0.1:7480 or https://windfall.example.org",
    })
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new WindfallError(
      "invalid_input",
      `Cannot use the server address ${text}: it must begin with http:// or https://`,
    )
  }
  if (url.username !== "" || url.password !== "") {
    throw new WindfallError("invalid_input", "Cannot use a server address with a password in it", {
      hint: "Give the token to windfall login when it asks, on standard input, or in WINDFALL_TOKEN.",
    })
  }
  return url
}

async function sendBytes(
  request: ClientRequest,
  source: AsyncIterable<Uint8Array>,
  onSent?: (bytes: number) => void,
): Promise<void> {
  for await (const chunk of source) {
    if (request.destroyed) return
    if (!request.write(chunk)) {
      await new Promise<void>((resolve) => {
        const go = () => {
          request.off("drain", go)
          request.off("close", go)
          resolve()
        }
        request.on("drain", go)
        request.on("close", go)
      })
    }
    onSent?.(chunk.length)
  }
  request.end()
}

/** The whole body. Listening to its events is quicker to get going than iterating over it. */
function readText(response: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    response.on("data", (chunk: Buffer) => chunks.push(chunk))
    response.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")))
    response.on("error", reject)
    response.on("close", () => {
      if (!response.complete) reject(Object.assign(new Error("the answer broke off"), { code: "ECONNRESET" }))
    })
  })
}

async function readJson(response: IncomingMessage): Promise<unknown> {
  const text = await readText(response)
  if (text === "") return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw new WindfallError(
      "protocol_mismatch",
      `Cannot read the server's answer: it is not JSON: ${text.slice(0, 120)}`,
      {
        hint: "Is this the address of a Windfall server?",
      },
    )
  }
}

async function readError(response: IncomingMessage, method: string, path: string): Promise<WindfallError> {
  const text = await readText(response)
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body === "object" && body !== null && "error" in body) return withLoginHint(WindfallError.fromBody(body))
  } catch {
    // Not one of ours: say what came.
  }
  const what = text.trim().replaceAll(/\s+/g, " ").slice(0, 120)
  return new WindfallError(
    response.statusCode === 503 ? "server_unreachable" : "protocol_mismatch",
    `Cannot ${method} ${path}: the answer was ${response.statusCode}${what === "" ? "" : ` ${what}`}`,
    { hint: "Is this the address of a Windfall server of this release?" },
  )
}

function withLoginHint(error: WindfallError): WindfallError {
  if (error.hint !== undefined || (error.code !== "not_logged_in" && error.code !== "token_expired")) return error
  return new WindfallError(error.code, error.message, {
    hint: "Log in again: windfall login URL",
    details: error.details,
  })
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

function reasonOf(code: string, error: Error): string {
  switch (code) {
    case "ECONNREFUSED":
      return "nothing listens there"
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "the name is not known"
    case "ETIMEDOUT":
      return "no answer"
    case "ECONNRESET":
    case "EPIPE":
      return "the connection broke"
    default:
      return error.message === "" ? code : error.message
  }
}

/** Not a secret: it only has to differ from the caller's other keys. */
function makeKey(random: () => number): string {
  let key = ""
  while (key.length < 32) key += Math.floor(random() * 2 ** 32).toString(36)
  return key.slice(0, 32)
}
