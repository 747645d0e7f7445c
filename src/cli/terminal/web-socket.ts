import type WebSocket from "ws"
import { AsyncQueue } from "../../base/async-queue.ts"
import { MAX_TERMINAL_FRAME_BYTES } from "../../protocol/terminal.ts"
import type { Login } from "../config.ts"
import { connectWebSocket } from "../connect-web-socket.ts"
import type { TerminalLine } from "./terminal-link.ts"

/** A connection that brings neither answer to a ping nor anything else for two of these is dead: a lid was closed. */
const PING_MS = 5_000

/**
 * Opens a terminal's WebSocket to the server.
 * @throws {WindfallError} what the server says, or server_unreachable
 */
export async function openWebSocket(login: Login, pathAndQuery: string, signal: AbortSignal): Promise<TerminalLine> {
  const options = { doing: "open a terminal", maxMessageBytes: MAX_TERMINAL_FRAME_BYTES, signal }
  const { socket } = await connectWebSocket(login, pathAndQuery, options)
  const line = lineOf(socket)
  socket.resume()
  return line
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
