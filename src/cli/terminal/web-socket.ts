import type { IncomingMessage } from "node:http"
import WebSocket from "ws"
import { AsyncQueue } from "../../base/async-queue.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { MAX_TERMINAL_FRAME_BYTES } from "../../protocol/terminal.ts"
import type { Login } from "../config.ts"
import { openSshWay } from "../ssh-way/ssh-way.ts"
import { trustOf, unreachable } from "../unreachable.ts"
import type { TerminalLine } from "./terminal-link.ts"

const OPEN_MS = 10_000
/** A connection that brings neither answer to a ping nor anything else for two of these is dead: a lid was closed. */
const PING_MS = 5_000

/**
 * Opens a WebSocket to the server; the token travels in a header.
 * @throws {WindfallError} what the server says, or server_unreachable
 */
export async function openWebSocket(login: Login, pathAndQuery: string, signal: AbortSignal): Promise<TerminalLine> {
  await openSshWay(login, signal)
  const socket = new WebSocket(placeOf(login) + pathAndQuery, {
    headers: { authorization: `Bearer ${login.token}` },
    handshakeTimeout: OPEN_MS,
    maxPayload: MAX_TERMINAL_FRAME_BYTES,
    perMessageDeflate: false,
    ...trustOf(login),
  })
  const abort = () => socket.terminate()
  signal.addEventListener("abort", abort, { once: true })
  socket.once("close", () => signal.removeEventListener("abort", abort))
  return new Promise((resolve, reject) => {
    socket.once("unexpected-response", (_, response) => {
      // Reading what was answered comes first: terminating takes the answer away.
      readRefusal(response)
        .then(reject, reject)
        .finally(() => socket.terminate())
    })
    socket.on("error", (error) => {
      const explained = unreachable(error, login, true)
      const said = `Cannot reach the server at ${login.url}: ${error.message}`
      const unknown = () => new WindfallError("server_unreachable", said, { cause: error })
      reject(explained instanceof WindfallError ? explained : unknown())
    })
    socket.once("open", () => resolve(lineOf(socket)))
  })
}

function placeOf({ url, socket }: Login): string {
  if (socket !== undefined) return `ws+unix:${socket}:`
  const { protocol, host, pathname } = new URL(url)
  return `${protocol === "https:" ? "wss:" : "ws:"}//${host}${pathname.replace(/\/$/, "")}`
}

function lineOf(socket: WebSocket): TerminalLine {
  const frames = new AsyncQueue<Uint8Array>()
  let silentPings = 0
  const ping = setInterval(() => {
    if (silentPings++ >= 2) socket.terminate()
    else socket.ping()
  }, PING_MS)
  const alive = () => {
    silentPings = 0
  }
  socket.on("pong", alive)
  socket.on("ping", alive)
  socket.on("message", (data: Buffer, isBinary) => {
    alive()
    if (isBinary) frames.push(data)
  })
  socket.on("close", () => {
    clearInterval(ping)
    frames.end()
  })
  return {
    frames,
    send: (frame) => {
      if (socket.readyState === socket.OPEN) socket.send(frame, { binary: true })
    },
    close: () => {
      if (socket.readyState !== socket.OPEN) return socket.terminate()
      socket.close(1000)
      setTimeout(() => socket.terminate(), 500).unref()
    },
  }
}

async function readRefusal(response: IncomingMessage): Promise<WindfallError> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString("utf8")
  try {
    return WindfallError.fromBody(JSON.parse(text))
  } catch {
    return new WindfallError(
      response.statusCode === 502 || response.statusCode === 503 ? "server_unreachable" : "protocol_mismatch",
      `Cannot open a terminal: the server answered ${response.statusCode}`,
      { hint: "Is there a proxy before the server that lets no WebSockets through?" },
    )
  }
}
