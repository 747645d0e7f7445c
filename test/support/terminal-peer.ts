import type { Duplex } from "node:stream"
import {
  decodeTerminalFrame,
  encodeTerminalPiece,
  type TerminalExit,
  type TerminalFrame,
  TerminalPieceReader,
} from "../../src/protocol/terminal.ts"

/**
 * A client of a terminal for tests, over any byte stream: keeps all output by offset, refuses output that repeats or
 * skips bytes it did not ask to skip, and lets a test wait for what it expects to see.
 */
export class TerminalPeer {
  readonly id: string
  /** Output from `base`, without repeats. */
  text = ""
  next: number | null = null
  /** Bytes that were said to be no longer kept. */
  lost = 0
  typed = 0
  taken = 0
  exit: TerminalExit | undefined
  failure: string | undefined
  /** Acknowledge output as shown. */
  shows = true
  #stream: Duplex | undefined
  #changed = Promise.withResolvers<void>()

  constructor(id = "testclient0123456789") {
    this.id = id
  }

  /** Attaches over a new stream. Resolves with the answer's count of input. */
  async attach(
    stream: Duplex,
    options: { columns?: number; rows?: number; from?: number | null } = {},
  ): Promise<number | null> {
    this.#stream?.destroy()
    this.#stream = stream
    const reader = new TerminalPieceReader()
    let answer: { input: number | null } | undefined
    stream.on("error", () => undefined)
    stream.on("data", (chunk: Buffer) => {
      if (this.#stream !== stream) return
      for (const piece of reader.read(chunk)) {
        const frame = decodeTerminalFrame(piece)
        if (frame.kind === "attached") {
          answer = frame
          this.lost += frame.from - (this.next ?? frame.from)
          this.next = frame.from
        } else this.#take(frame)
      }
      this.#changed.resolve()
      this.#changed = Promise.withResolvers()
    })
    stream.on("close", () => {
      this.#changed.resolve()
      this.#changed = Promise.withResolvers()
    })
    this.send({
      kind: "attach",
      client: this.id,
      from: options.from === undefined ? this.next : options.from,
      columns: options.columns ?? 80,
      rows: options.rows ?? 24,
      term: "xterm-256color",
    })
    await this.until(() => answer !== undefined || this.failure !== undefined || stream.destroyed)
    return answer?.input ?? null
  }

  send(frame: TerminalFrame): void {
    this.#stream?.write(encodeTerminalPiece(frame))
  }

  type(text: string): void {
    const bytes = Buffer.from(text)
    this.send({ kind: "input", offset: this.typed, bytes })
    this.typed += bytes.length
  }

  cut(): void {
    this.#stream?.destroy()
  }

  /** Waits for something about what came. Fails after a minute, saying what came last. */
  async until(holds: () => boolean): Promise<void> {
    const timeout = Promise.withResolvers<"late">()
    const timer = setTimeout(() => timeout.resolve("late"), 60_000)
    while (!holds()) {
      if ((await Promise.race([this.#changed.promise, timeout.promise])) !== "late") continue
      throw new Error(`waited in vain; failure: ${this.failure}; the end: ${JSON.stringify(this.text.slice(-500))}`)
    }
    clearTimeout(timer)
  }

  async sees(expected: string | RegExp): Promise<void> {
    await this.until(() => (typeof expected === "string" ? this.text.includes(expected) : expected.test(this.text)))
  }

  async ends(): Promise<TerminalExit> {
    await this.until(() => this.exit !== undefined || this.#stream?.destroyed === true)
    if (this.exit === undefined) throw new Error(`the terminal went without an exit: ${this.failure}`)
    return this.exit
  }

  #take(frame: TerminalFrame): void {
    if (frame.kind === "output") {
      if (frame.offset !== this.next) throw new Error(`output at ${frame.offset}, expected ${this.next}`)
      this.next = frame.offset + frame.bytes.length
      this.text += Buffer.from(frame.bytes).toString("latin1")
      if (this.shows) this.send({ kind: "shown", offset: this.next })
    } else if (frame.kind === "taken") this.taken = frame.offset
    else if (frame.kind === "exit") this.exit = frame
    else if (frame.kind === "failed") this.failure = frame.message
  }
}
