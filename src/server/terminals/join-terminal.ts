import type { Duplex } from "node:stream"
import type { WebSocket } from "ws"
import { FROM_CLIENT, MAX_TERMINAL_FRAME_BYTES, TERMINAL, TerminalPieceReader } from "../../protocol/terminal.ts"

/** WebSocket close codes: the terminal ended and said so; the client broke the rules; the way to the host broke. */
const CLOSE_ENDED = 1000
const CLOSE_REFUSED = 1008
const CLOSE_LINK_LOST = 1013
/** Bytes waiting for a slow client, at most, before the host is held back. */
const MAX_WAITING_BYTES = 256 * 1024
/** Between a close and breaking what has not closed by then. */
const CLOSE_MS = 1000
/** A client that answers no ping for so long is gone, as after a lid was closed. */
export const PING_MS = 15_000

const CLIENT_KINDS: ReadonlySet<number> = new Set([...FROM_CLIENT].map((kind) => TERMINAL[kind]))

/**
 * Joins a client's WebSocket and a host's stream of terminal frames until either ends. Keeps nothing: each side is held
 * back while the other does not take, and both are untrusted. An end without an `exit` or `failed` frame tells the client to
 * come back.
 */
export function joinTerminal(socket: WebSocket, stream: Duplex): void {
  const reader = new TerminalPieceReader()
  let answered = true
  const ping = setInterval(() => {
    if (!answered) return socket.terminate()
    answered = false
    socket.ping()
  }, PING_MS)
  socket.on("pong", () => {
    answered = true
  })

  socket.on("message", (data: Buffer, isBinary) => {
    answered = true
    if (!isBinary || data.length > MAX_TERMINAL_FRAME_BYTES || !CLIENT_KINDS.has(data[0] ?? 0))
      return end(CLOSE_REFUSED)
    const length = Buffer.alloc(4)
    length.writeUInt32BE(data.length)
    if (!stream.writableEnded && !stream.write(Buffer.concat([length, data]))) socket.pause()
  })
  stream.on("drain", () => socket.resume())

  stream.on("data", (chunk: Buffer) => {
    try {
      for (const piece of reader.read(chunk)) {
        if (CLIENT_KINDS.has(piece[0] ?? 0)) throw new SyntaxError("a client's frame from a host")
        socket.send(piece, { binary: true }, () => {
          if (stream.isPaused() && socket.bufferedAmount < MAX_WAITING_BYTES / 2) stream.resume()
        })
      }
    } catch {
      return end(CLOSE_LINK_LOST)
    }
    if (socket.bufferedAmount > MAX_WAITING_BYTES) stream.pause()
  })

  const end = (code: number) => {
    clearInterval(ping)
    if (socket.readyState === socket.OPEN) socket.close(code)
    if (!stream.writableEnded) stream.end()
    setTimeout(() => {
      stream.destroy()
      socket.terminate()
    }, CLOSE_MS).unref()
  }
  stream.on("end", () => end(CLOSE_ENDED))
  stream.on("close", () => end(CLOSE_LINK_LOST))
  // What the error was is the host link's concern; the client only has to come back.
  stream.on("error", () => undefined)
  socket.on("error", () => undefined)
  socket.on("close", () => end(CLOSE_ENDED))
}
