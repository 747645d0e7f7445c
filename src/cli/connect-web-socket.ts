import type { IncomingHttpHeaders, IncomingMessage } from "node:http"
import WebSocket from "ws"
import { WindfallError } from "../protocol/errors.ts"
import type { Login } from "./config.ts"
import { openSshWay } from "./ssh-way/ssh-way.ts"
import { trustOf, unreachable } from "./unreachable.ts"

const OPEN_MS = 10_000
/** When the far end is looked for on a connection that says nothing. */
const KEEP_ALIVE_MS = 5_000

export interface ConnectOptions {
  /** After "Cannot", where an answer says nothing itself. */
  readonly doing: string
  readonly maxMessageBytes: number
  /** How long the server may take to answer. @default 10 s */
  readonly answerMs?: number
  /** Cuts the connection, at any time. */
  readonly signal: AbortSignal
  /** Bytes are not mixed with random ones, which protects proxies from scripts in a browser and nobody here. */
  readonly isPlain?: boolean
}

export interface ConnectedSocket {
  /** Paused: nothing is lost before somebody listens. */
  readonly socket: WebSocket
  readonly headers: IncomingHttpHeaders
}

/**
 * Opens a WebSocket to the server; the token travels in a header.
 * @throws {WindfallError} what the server says, or server_unreachable
 */
export async function connectWebSocket(
  login: Login,
  pathAndQuery: string,
  options: ConnectOptions,
): Promise<ConnectedSocket> {
  const { doing, maxMessageBytes, answerMs = OPEN_MS, signal, isPlain = false } = options
  await openSshWay(login, signal)
  const socket = new WebSocket(placeOf(login) + pathAndQuery, {
    headers: { authorization: `Bearer ${login.token}` },
    handshakeTimeout: answerMs,
    maxPayload: maxMessageBytes,
    perMessageDeflate: false,
    ...(isPlain ? { generateMask: () => undefined } : {}),
    ...trustOf(login),
  })
  const abort = () => socket.terminate()
  if (signal.aborted) abort()
  signal.addEventListener("abort", abort, { once: true })
  socket.once("close", () => signal.removeEventListener("abort", abort))
  return new Promise((resolve, reject) => {
    let headers: IncomingHttpHeaders = {}
    socket.once("upgrade", (response) => {
      headers = response.headers
      response.socket.setKeepAlive(true, KEEP_ALIVE_MS)
    })
    socket.once("unexpected-response", (_, response) => {
      // Reading what was answered comes first: terminating takes the answer away.
      readRefusal(response, doing)
        .then(reject, reject)
        .finally(() => socket.terminate())
    })
    socket.on("error", (error) => {
      const explained = unreachable(error, login, true)
      const said = `Cannot reach the server at ${login.url}: ${error.message}`
      const unknown = () => new WindfallError("server_unreachable", said, { cause: error })
      reject(explained instanceof WindfallError ? explained : unknown())
    })
    socket.once("open", () => {
      socket.pause()
      resolve({ socket, headers })
    })
  })
}

function placeOf({ url, socket }: Login): string {
  if (socket !== undefined) return `ws+unix:${socket}:`
  const { protocol, host, pathname } = new URL(url)
  return `${protocol === "https:" ? "wss:" : "ws:"}//${host}${pathname.replace(/\/$/, "")}`
}

async function readRefusal(response: IncomingMessage, doing: string): Promise<WindfallError> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString("utf8")
  try {
    return WindfallError.fromBody(JSON.parse(text))
  } catch {
    return new WindfallError(
      response.statusCode === 502 || response.statusCode === 503 ? "server_unreachable" : "protocol_mismatch",
      `Cannot ${doing}: the server answered ${response.statusCode}`,
      { hint: "Is there a proxy before the server that lets no WebSockets through?" },
    )
  }
}
