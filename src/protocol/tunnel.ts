/**
 * A tunnel: bytes between a client and something on a job's host, through the server. On a WebSocket (client to server) each
 * binary message is a piece of them, and an empty one says that no more follow in that direction; on an HTTP/2 stream (server
 * to agent) they are the bodies, which have an end of their own. Whatever ends otherwise was broken off: then not all has
 * come, and the far side is told by a break, never by an end.
 */

/** Bytes handed to a slow reader and not taken yet, before the writer is held back. */
const MAX_WAITING_BYTES = 1024 * 1024
/** Nothing longer is made of what comes in pieces. */
const MAX_GATHERED_BYTES = 256 * 1024
/** Both directions have ended; the other side broke the rules; the way to the host broke. */
const CLOSE_ENDED = 1000
const CLOSE_REFUSED = 1008
const CLOSE_BROKEN = 1013
/** Between a close and breaking what has not closed by then. */
const CLOSE_MS = 1_000

/** One message is not longer: what a host sends in one piece, and to spare. */
export const MAX_TUNNEL_MESSAGE_BYTES = 1024 * 1024

/** Response header of the WebSocket of a job's ssh, and of the agent's stream: the host key that this attempt has. */
export const HOST_KEY_HEADER = "windfall-host-key"

/** Whether a text is a public key that a job's sshd may let in: of one kind, as the command line makes them. */
export function isSshKey(text: unknown): text is string {
  return typeof text === "string" && /^ssh-ed25519 [A-Za-z0-9+/]{68}$/.test(text)
}

/** What is used of a WebSocket. */
export interface TunnelSocket {
  readonly bufferedAmount: number
  readonly readyState: number
  on(event: "message", listener: (data: Uint8Array, isBinary: boolean) => void): unknown
  on(event: "close" | "error", listener: () => void): unknown
  send(data: Uint8Array, options: { readonly binary: true }, sent: () => void): void
  pause(): void
  resume(): void
  close(code: number): void
  terminate(): void
}

/** What is used of a stream of bytes that goes both ways. */
export interface TunnelStream {
  readonly writableEnded: boolean
  on(event: "data", listener: (chunk: Uint8Array) => void): unknown
  on(event: "end" | "close" | "error" | "drain", listener: () => void): unknown
  write(bytes: Uint8Array): boolean
  end(): unknown
  pause(): unknown
  resume(): unknown
  isPaused(): boolean
}

export interface TunnelEnds {
  /** Whether an end of the stream is the far side's own and not a link that broke. */
  readonly isWhole: () => boolean
  /** Ends the stream so that the far side takes what it has for incomplete. */
  readonly breakOff: () => void
}

const OPEN = 1

/**
 * Carries bytes between an open WebSocket and a stream, both paused until now where nothing may be lost, until both directions have ended or either side
 * breaks. Each side is held back while the other does not take. Resolves when it is over; never rejects.
 */
export function joinTunnel(socket: TunnelSocket, stream: TunnelStream, ends: TunnelEnds): Promise<void> {
  return new Promise((resolve) => {
    let received = false
    let sent = false
    let over = false
    const finish = (code: number) => {
      if (over) return
      over = true
      if (code !== CLOSE_ENDED) ends.breakOff()
      if (socket.readyState === OPEN) socket.close(code)
      const timer: unknown = setTimeout(() => socket.terminate(), CLOSE_MS)
      ;(timer as { unref?: () => void }).unref?.()
      resolve()
    }
    const endOne = () => {
      if (received && sent) finish(CLOSE_ENDED)
    }

    socket.on("message", (data: Uint8Array, isBinary: boolean) => {
      if (!isBinary || received) return finish(CLOSE_REFUSED)
      if (data.length === 0) {
        received = true
        stream.end()
        endOne()
      } else if (!over && !stream.write(data)) socket.pause()
    })
    stream.on("drain", () => {
      if (!over) socket.resume()
    })
    socket.on("error", () => undefined)
    socket.on("close", () => finish(CLOSE_BROKEN))

    const taken = () => {
      if (stream.isPaused() && socket.bufferedAmount < MAX_WAITING_BYTES / 2) stream.resume()
    }
    const outgoing = gather((message) => {
      if (over) return
      socket.send(message, { binary: true }, taken)
      if (socket.bufferedAmount > MAX_WAITING_BYTES) stream.pause()
    })
    stream.on("data", (chunk: Uint8Array) => outgoing.add(chunk))
    stream.on("end", () => {
      if (!ends.isWhole()) return finish(CLOSE_BROKEN)
      outgoing.flush()
      sent = true
      // Not before all else is on its way: a close may not overtake it.
      if (!over) socket.send(new Uint8Array(0), { binary: true }, endOne)
    })
    // What the error was is told where the way was made.
    stream.on("error", () => undefined)
    stream.on("close", () => {
      if (!sent || !received) finish(CLOSE_BROKEN)
    })
    socket.resume()
    stream.resume()
  })
}

/**
 * Hands on as one message what one turn of the event loop brings: HTTP/2 gives 16 KB at a time, and each message costs as much
 * as carrying its bytes.
 */
function gather(send: (message: Uint8Array) => void): { add(chunk: Uint8Array): void; flush(): void } {
  let chunks: Uint8Array[] = []
  let bytes = 0
  const flush = () => {
    if (bytes === 0) return
    const message = chunks.length === 1 ? chunks[0]! : joined(chunks, bytes)
    chunks = []
    bytes = 0
    send(message)
  }
  const add = (chunk: Uint8Array) => {
    if (bytes + chunk.length > MAX_GATHERED_BYTES) flush()
    if (bytes === 0) setImmediate(flush)
    chunks.push(chunk)
    bytes += chunk.length
  }
  return { add, flush }
}

function joined(chunks: readonly Uint8Array[], bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}
