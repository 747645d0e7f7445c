import { backoffMs } from "../../base/backoff.ts"
import type { Clock } from "../../base/clock.ts"
import { isErrorCode, toWindfallError, WindfallError } from "../../protocol/errors.ts"
import {
  decodeTerminalFrame,
  encodeTerminalFrame,
  type TerminalExit,
  type TerminalFrame,
} from "../../protocol/terminal.ts"
import { withoutQueries } from "./terminal-reset.ts"
import { MAX_TYPED_AWAY_BYTES, TypedInput } from "./typed-input.ts"

/** One connection to a terminal: a WebSocket, or what stands for one. */
export interface TerminalLine {
  send(frame: Uint8Array): void
  /** Ends, never throws, when the connection does. */
  readonly frames: AsyncIterable<Uint8Array>
  close(): void
}

export interface TerminalLinkOptions {
  /** Opens a connection. `again`: this client was attached before. @throws {WindfallError} */
  readonly open: (again: boolean) => Promise<TerminalLine>
  /** Names this client: see isTerminalId(). */
  readonly client: string
  readonly term: string
  readonly size: () => { readonly columns: number; readonly rows: number }
  readonly clock: Clock
  readonly random: () => number
  /** Shows output; resolves when it has been shown. */
  readonly show: (bytes: Uint8Array) => Promise<void>
  /** The host took keys: more may be read. */
  readonly onTaken: () => void
  /** Something the person should know: a lost connection, one that is back, lost keys or output. */
  readonly tell: (news: LinkNews) => void
}

export type LinkNews =
  | { readonly kind: "away"; readonly error: WindfallError | null }
  | { readonly kind: "back" }
  | { readonly kind: "lost_output" | "lost_input"; readonly bytes: number }

export type LinkEnd =
  | { readonly kind: "exit"; readonly exit: TerminalExit }
  /** The terminal cannot be had (any more); `shownBytes` of its output were shown. */
  | { readonly kind: "gone"; readonly error: WindfallError; readonly wasAttached: boolean; readonly shownBytes: number }

/** The way there may come back by itself. */
const PASSING = new Set(["server_unreachable", "host_unreachable", "link_lost", "internal"])

/**
 * Keeps a terminal attached through lost connections: output is shown once, from where showing stopped; keys are sent again
 * until the host says that it has them. Ends when the terminal does, or when it cannot be had.
 */
export class TerminalLink {
  readonly #options: TerminalLinkOptions
  readonly #typed = new TypedInput()
  #line: TerminalLine | undefined
  /** Keys may be sent: the host has said which ones it has. */
  #ready = false
  #wasAttached = false
  /** Where output goes on; `null` before any was shown. */
  #next: number | null = null
  /** Output before this was there before this client: questions in it are old. */
  #oldUntil = 0
  #lostKeys = 0
  #hangup = false

  constructor(options: TerminalLinkOptions) {
    this.#options = options
  }

  get isAttached(): boolean {
    return this.#ready
  }

  /** Whether anything of the terminal may have been shown here. */
  get wasAttached(): boolean {
    return this.#wasAttached
  }

  /** No more keys should be read for now. */
  get isFull(): boolean {
    return this.#typed.isFull
  }

  type(bytes: Uint8Array): void {
    if (!this.#ready && this.#typed.waitingBytes + bytes.length > MAX_TYPED_AWAY_BYTES) {
      this.#lostKeys += bytes.length
      return
    }
    for (const piece of this.#typed.type(bytes)) this.#send({ kind: "input", ...piece })
  }

  resize(): void {
    this.#send({ kind: "resize", ...this.#options.size() })
  }

  /** Asks the host to close the terminal; without a connection, as soon as there is one. */
  hangup(): void {
    this.#hangup = true
    this.#send({ kind: "hangup" })
  }

  /** Runs until the terminal is over, or the signal aborts (then it throws the signal's reason). */
  async run(signal: AbortSignal): Promise<LinkEnd> {
    const { clock, random, tell } = this.#options
    let away = false
    for (let round = 0; ; round++) {
      let error: WindfallError | null = null
      try {
        const line = await this.#options.open(this.#wasAttached)
        const end = await this.#attach(line, signal, () => {
          round = 0
          if (away) tell({ kind: "back" })
          away = false
        })
        if (end !== null) return end
      } catch (thrown) {
        signal.throwIfAborted()
        error = toWindfallError(thrown, "open the terminal")
      }
      const wasAttached = this.#wasAttached
      if (error !== null && (!wasAttached || !PASSING.has(error.code))) {
        return { kind: "gone", error, wasAttached, shownBytes: this.#next ?? 0 }
      }
      if (!wasAttached && round > 10) {
        const message = "Cannot open the terminal: the connection breaks before it opens"
        return { kind: "gone", error: new WindfallError("link_lost", message), wasAttached, shownBytes: 0 }
      }
      if (wasAttached) {
        away = true
        tell({ kind: "away", error })
      }
      await clock.sleep(backoffMs(round, random, 50, 2000), { signal })
    }
  }

  /** Speaks on one connection until it ends: `null` when only the connection did. */
  async #attach(line: TerminalLine, signal: AbortSignal, onAttached: () => void): Promise<LinkEnd | null> {
    signal.throwIfAborted()
    const abort = () => line.close()
    signal.addEventListener("abort", abort, { once: true })
    this.#line = line
    try {
      const { client, term, size } = this.#options
      line.send(encodeTerminalFrame({ kind: "attach", client, term, from: this.#next, ...size() }))
      for await (const bytes of line.frames) {
        const frame = decodeTerminalFrame(bytes)
        if (frame.kind === "attached") {
          this.#attached(frame)
          onAttached()
        } else if (frame.kind === "exit") return { kind: "exit", exit: frame }
        else if (frame.kind === "failed") throw failure(frame)
        else await this.#take(frame)
      }
      signal.throwIfAborted()
      return null
    } finally {
      this.#ready = false
      this.#line = undefined
      signal.removeEventListener("abort", abort)
      line.close()
    }
  }

  #attached(frame: Extract<TerminalFrame, { kind: "attached" }>): void {
    const { tell } = this.#options
    if (this.#next === null || this.#next > frame.end) {
      this.#next = frame.from
      this.#oldUntil = frame.end
    }
    this.#ready = true
    // A host that does not know us and never did gets what was typed ahead; one that should know us is another one.
    if (frame.input === null && this.#wasAttached) this.#lostKeys += this.#typed.restart()
    for (const piece of this.#typed.again(frame.input ?? 0)) this.#send({ kind: "input", ...piece })
    this.#wasAttached = true
    if (this.#lostKeys > 0) tell({ kind: "lost_input", bytes: this.#lostKeys })
    this.#lostKeys = 0
    if (this.#hangup) this.#send({ kind: "hangup" })
    this.resize()
  }

  async #take(frame: TerminalFrame): Promise<void> {
    if (frame.kind === "taken") {
      this.#typed.taken(frame.offset)
      this.#options.onTaken()
    }
    if (frame.kind !== "output" || this.#next === null) return
    const end = frame.offset + frame.bytes.length
    if (end <= this.#next) return
    if (frame.offset > this.#next) {
      this.#options.tell({ kind: "lost_output", bytes: frame.offset - this.#next })
      this.#next = frame.offset
    }
    const bytes = frame.bytes.subarray(this.#next - frame.offset)
    const isOld = this.#next < this.#oldUntil
    this.#next = end
    await this.#options.show(isOld ? withoutQueries(bytes) : bytes)
    this.#send({ kind: "shown", offset: end })
  }

  #send(frame: TerminalFrame): void {
    if (this.#ready) this.#line?.send(encodeTerminalFrame(frame))
  }
}

function failure(frame: Extract<TerminalFrame, { kind: "failed" }>): WindfallError {
  return new WindfallError(isErrorCode(frame.code) ? frame.code : "internal", frame.message, { hint: frame.hint })
}
