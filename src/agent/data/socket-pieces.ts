import type { OnReadOpts } from "node:net"
import type { TLSSocket } from "node:tls"

/** What TLS gives at a time: a record. */
const RECORD_BYTES = 16 * 1024
const PIECE_BYTES = 512 * 1024
/** So much may wait to be taken, and what was on its way then. */
const MOST_WAITING_BYTES = 1024 * 1024

/**
 * What comes over a TLS connection, in order and in larger pieces than its records: each of these as a chunk of a stream would cost twice as much as to decrypt it.
 * Make it before the connection, give it `onread`, then ask for what comes {@link of} it.
 */
export class SocketPieces {
  readonly onread: OnReadOpts
  /** What has come, each but the last full. */
  readonly #waiting: { readonly buffer: Buffer; filled: number }[] = []
  readonly #spare: Buffer[] = []
  #news = Promise.withResolvers<void>()
  #isPaused = false

  constructor() {
    const buffer = Buffer.allocUnsafeSlow(RECORD_BYTES)
    this.onread = { buffer, callback: (bytes) => this.#take(buffer.subarray(0, bytes)) }
  }

  /**
   * All that comes until the other side ends it. A piece is good until the next one is asked for.
   * @throws what breaks the connection
   */
  async *of(socket: TLSSocket): AsyncGenerator<Buffer> {
    let over: { readonly error: Error | undefined } | undefined
    const end = (error?: Error) => {
      over ??= { error }
      this.#news.resolve()
    }
    socket.once("end", () => end())
    socket.once("error", end)
    socket.once("close", () => end(new Error("the connection closed")))
    if (socket.destroyed) end(new Error("the connection closed"))
    socket.resume()
    for (;;) {
      const piece = this.#waiting.shift()
      if (piece !== undefined) {
        yield piece.buffer.subarray(0, piece.filled)
        this.#spare.push(piece.buffer)
        continue
      }
      if (over !== undefined) break
      if (this.#isPaused) socket.resume()
      this.#isPaused = false
      await this.#news.promise
      this.#news = Promise.withResolvers()
    }
    if (over.error !== undefined) throw over.error
  }

  /** Returns whether more may come. */
  #take(record: Buffer): boolean {
    let last = this.#waiting.at(-1)
    if (last === undefined || last.filled + record.length > last.buffer.length) {
      last = { buffer: this.#spare.pop() ?? Buffer.allocUnsafeSlow(PIECE_BYTES), filled: 0 }
      this.#waiting.push(last)
    }
    last.filled += record.copy(last.buffer, last.filled)
    this.#news.resolve()
    this.#isPaused = this.#waiting.length * PIECE_BYTES > MOST_WAITING_BYTES
    return !this.#isPaused
  }
}
