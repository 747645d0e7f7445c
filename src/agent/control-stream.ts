import type { ServerHttp2Stream } from "node:http2"
import type { AgentMessage } from "../protocol/agent-wire.ts"
import { encodeMessages, encodeOutput, type Frame, FrameReader, type OutputFrame } from "../protocol/frames.ts"

/** How much may wait to be written before no more output is read: little, so that messages overtake output soon. */
const CONGESTED_BYTES = 512 * 1024

/** How long a message that is not urgent waits for others to go with: what starts and ends within this is told at once. */
const PATIENT_MS = 20

/** The way to the server, as the parts that have something to say see it. */
export interface Outbox {
  /** Sends a message, together with all others of this moment. Without a link it is dropped: the next `hello` tells what is. */
  send(message: AgentMessage): void
  /** As `send`, a moment later if nothing else goes before. The order stays that of the calls. */
  sendPatiently(message: AgentMessage): void
  sendOutput(output: OutputFrame): void
  /** True while no output should be sent; `onDrain` tells the end of that. */
  readonly congested: boolean
}

/** The agent's end of the control stream: frames in, batched frames out. */
export class ControlStream implements Outbox {
  readonly #stream: ServerHttp2Stream
  readonly #reader = new FrameReader()
  #queue: AgentMessage[] = []
  #flushing = false
  #patience: NodeJS.Timeout | undefined

  constructor(
    stream: ServerHttp2Stream,
    on: {
      message: (message: unknown) => void
      drain: () => void
      /** The stream has ended, by either side or by garbage on it. */
      end: (error: unknown) => void
    },
  ) {
    this.#stream = stream
    let failure: unknown
    stream.on("data", (chunk: Uint8Array) => {
      if (failure !== undefined) return
      try {
        for (const frame of this.#reader.read(chunk)) on.message(messageOf(frame))
      } catch (error) {
        failure = error
        stream.close(1)
      }
    })
    stream.on("drain", on.drain)
    stream.on("error", (error) => {
      failure ??= error
    })
    stream.on("close", () => on.end(failure))
  }

  get congested(): boolean {
    return this.#stream.destroyed || this.#stream.writableLength > CONGESTED_BYTES
  }

  send(message: AgentMessage): void {
    this.#queue.push(message)
    if (this.#flushing) return
    this.#flushing = true
    queueMicrotask(() => this.#flush())
  }

  sendPatiently(message: AgentMessage): void {
    if (this.#queue.push(message) === 1) this.#patience = setTimeout(() => this.#flush(), PATIENT_MS)
  }

  sendOutput(output: OutputFrame): void {
    this.#flush()
    if (!this.#stream.destroyed) this.#stream.write(encodeOutput(output))
  }

  /** Writes what waits and ends the stream. */
  end(): void {
    this.#flush()
    this.#stream.end()
  }

  #flush(): void {
    this.#flushing = false
    clearTimeout(this.#patience)
    if (this.#queue.length === 0) return
    const messages = this.#queue
    this.#queue = []
    if (!this.#stream.destroyed) this.#stream.write(encodeMessages(messages))
  }
}

function messageOf(frame: Frame): unknown {
  if (frame.kind !== "json") throw new SyntaxError("output sent to an agent")
  return frame.message
}
