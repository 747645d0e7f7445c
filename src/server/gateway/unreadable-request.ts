import { randomBytes } from "node:crypto"
import { STATUS_CODES } from "node:http"
import type { Duplex } from "node:stream"
import { anthropicError } from "../../gateway/anthropic-error.ts"
import { requestIdOf } from "../../gateway/dialect.ts"
import { GatewayProblem } from "../../gateway/gateway-problem.ts"
import { openAiError } from "../../gateway/openai-error.ts"

/** What Node's parser of HTTP says of a request that it cannot read. */
interface ParserError extends Error {
  readonly code?: string
  /** What it was reading, as far as it came at once. */
  readonly rawPacket?: Uint8Array
}

/** Node's own (`socketOnError` in lib/_http_server.js). */
interface Connection extends Duplex {
  readonly _httpMessage?: { readonly headersSent?: boolean } | null
}

const STATUSES: ReadonlyMap<string | undefined, readonly [status: number, words: string]> = new Map([
  ["HPE_HEADER_OVERFLOW", [431, "Its headers are larger than 16 KiB"]],
  ["HPE_CHUNK_EXTENSIONS_OVERFLOW", [413, "Its chunk extensions are too large"]],
  ["ERR_HTTP_REQUEST_TIMEOUT", [408, "It did not come whole in time"]],
] as const)

/** For the HTTP server's `clientError` event: what is no HTTP is answered as far as that can be, in the shape of the dialect that it seems to be of, and the connection ends. */
export function answerUnreadable(error: ParserError, connection: Duplex): void {
  const { writable, _httpMessage: message }: Connection = connection
  // An answer that has begun would go on with this.
  if (!writable || error.code === "ECONNRESET" || message?.headersSent === true) {
    connection.destroy(error)
    return
  }
  connection.end(answerTo(error), () => connection.destroy())
}

function answerTo({ code, rawPacket }: ParserError): string {
  const [status, words] = STATUSES.get(code) ?? [400, `It is no HTTP/1.1${code === undefined ? "" : ` (${code})`}`]
  const kind = status === 408 ? "slow_client" : status === 400 ? "bad_request" : "too_large"
  const problem = new GatewayProblem(kind, `The request cannot be read: ${words}`)
  const id = requestIdOf(randomBytes(12).toString("hex"))
  const isAnthropic = /^\S+ \S*\/messages[\s?/]|^anthropic-version:/im.test(
    Buffer.from(rawPacket ?? []).toString("latin1"),
  )
  const body = JSON.stringify(isAnthropic ? anthropicError(problem, id) : openAiError(problem))
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    `${isAnthropic ? "request-id" : "x-request-id"}: ${id}`,
    "connection: close",
  ]
  return `${lines.join("\r\n")}\r\n\r\n${body}`
}
