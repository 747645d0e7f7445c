import { constants, type Http2Stream } from "node:http2"
import type { Socket } from "node:net"

/**
 * Carries bytes between a stream and a socket, each held back while the other does not take. An end of one direction is passed
 * on and leaves the other open; a break of one side breaks the other.
 */
export function joinSocket(stream: Http2Stream, socket: Socket): void {
  let fromStream = false
  let fromSocket = false
  stream.pipe(socket, { end: false })
  socket.pipe(stream, { end: false })
  stream.on("end", () => {
    // A stream that was reset ends, too.
    if (stream.rstCode === constants.NGHTTP2_NO_ERROR) {
      fromStream = true
      socket.end()
    } else breakOff(socket)
  })
  socket.on("end", () => {
    fromSocket = true
    stream.end()
  })
  stream.on("error", () => undefined)
  socket.on("error", () => undefined)
  stream.on("close", () => {
    if (!fromStream || !fromSocket) breakOff(socket)
  })
  socket.on("close", () => {
    // Not close(): that sends an end before it resets.
    if (!fromStream || !fromSocket) stream.destroy(new Error("the connection broke"))
  })
}

/** A reset tells the far end that not all has come; only connections over a network have one. */
function breakOff(socket: Socket): void {
  if (socket.remoteAddress === undefined) socket.destroy()
  else socket.resetAndDestroy()
}
