import type { Socket } from "node:net"
import {
  decodeTerminalFrame,
  encodeTerminalPiece,
  FROM_CLIENT,
  TERMINAL_PIECE_BYTES,
  TERMINAL_WINDOW_BYTES,
  type TerminalExit,
  type TerminalFrame,
  TerminalPieceReader,
} from "../protocol/terminal.ts"
import type { TerminalRing } from "./terminal-ring.ts"

/** Keys waiting for a program that does not read them; beyond this the client has to wait. */
const MAX_WAITING_INPUT_BYTES = 256 * 1024
/** A client that was told why it must go has this long to close its end. */
const FAREWELL_MS = 1000

/** One connection to the PTY host: frames in, output from the ring out, never more than a window ahead of what was shown. */
export class TerminalClient {
  readonly #socket: Socket
  readonly #ring: TerminalRing
  readonly #reader = new TerminalPieceReader()
  #sent = 0
  #shown = 0
  #attached = false
  #blocked = false
  #waitingInput = 0
  #exit: TerminalExit | undefined

  constructor(socket: Socket, ring: TerminalRing, onFrame: (frame: TerminalFrame) => void) {
    this.#socket = socket
    this.#ring = ring
    socket.on("data", (chunk: Buffer) => {
      try {
        for (const piece of this.#reader.read(chunk)) {
          const frame = decodeTerminalFrame(piece)
          if (!FROM_CLIENT.has(frame.kind)) throw new SyntaxError(`a ${frame.kind} frame from a client`)
          onFrame(frame)
        }
      } catch (error) {
        this.fail("invalid_input", `Cannot read what the terminal's client sends: ${(error as Error).message}`)
      }
    })
    socket.on("drain", () => {
      this.#blocked = false
      this.pump()
    })
    // What the error was matters to nobody: "close" follows, and the client comes back on a new connection.
    socket.on("error", () => undefined)
  }

  /** Output made and not yet known to be shown by this client. */
  get behindBytes(): number {
    return this.#attached ? this.#ring.end - this.#shown : 0
  }

  /** Answers an attach: output follows from `from`. */
  attach(from: number, input: number | null): void {
    this.#sent = from
    this.#shown = from
    this.#attached = true
    this.send({ kind: "attached", from, end: this.#ring.end, input })
    this.pump()
  }

  /** Takes an acknowledgement; one of bytes never sent counts for those that were. */
  shown(offset: number): void {
    this.#shown = Math.max(this.#shown, Math.min(offset, this.#sent))
    this.pump()
  }

  /** Sends what output there is, as far as the window and the connection let it. */
  pump(): void {
    if (!this.#attached) return
    this.#sent = Math.max(this.#sent, this.#ring.start)
    while (!this.#blocked && this.#sent < this.#ring.end) {
      const room = this.#exit === undefined ? this.#shown + TERMINAL_WINDOW_BYTES - this.#sent : TERMINAL_PIECE_BYTES
      if (room <= 0) return
      const bytes = this.#ring.read(this.#sent, Math.min(room, TERMINAL_PIECE_BYTES))
      this.send({ kind: "output", offset: this.#sent, bytes })
      this.#sent += bytes.length
    }
    if (this.#exit !== undefined && this.#sent === this.#ring.end && !this.#socket.writableEnded) {
      this.#socket.end(encodeTerminalPiece({ kind: "exit", ...this.#exit }))
    }
  }

  /** All output there will ever be is in the ring: sends the rest, no longer held back by the window, and the exit. */
  finish(exit: TerminalExit): void {
    this.#exit = exit
    this.pump()
  }

  /** Holds the client back while `bytes` of its input wait to be read by the program in the terminal. */
  inputWaits(bytes: number): void {
    this.#waitingInput += bytes
    if (this.#waitingInput > MAX_WAITING_INPUT_BYTES) this.#socket.pause()
    else if (this.#socket.isPaused()) this.#socket.resume()
  }

  send(frame: TerminalFrame): void {
    if (this.#socket.writableEnded || this.#socket.destroyed) return
    if (!this.#socket.write(encodeTerminalPiece(frame))) this.#blocked = true
  }

  fail(code: string, message: string): void {
    this.#attached = false
    if (this.#socket.writableEnded) return
    this.#socket.end(encodeTerminalPiece({ kind: "failed", code, message }))
    setTimeout(() => this.#socket.destroy(), FAREWELL_MS).unref()
  }

  destroy(): void {
    this.#socket.destroy()
  }
}
