/** One event of a stream of Server-Sent Events. */
export interface StreamEvent {
  /** `null` where the stream did not name it. */
  readonly event: string | null
  readonly data: string
}

const BYTE_ORDER_MARK = 0xfeff

/** An event longer than this is no model's. */
const LONGEST_EVENT = 16 * 1024 * 1024

/**
 * Reads Server-Sent Events from bytes that may be cut anywhere, also within a character. Comments are left out: engines send
 * them so that connections live. A line `error: ...`, which llama.cpp has sent in the place of data, is read as an event `error`.
 * Source: HTML standard, section 9.2.6.
 */
export class EventStreamReader {
  #decoder: TextDecoder | undefined
  #text = ""
  #isBegun = false
  /** Most streams have line feeds only, which are found faster. */
  #hasReturns = false
  /** No line end before this place of `#text`. */
  #looked = 0
  #event: string | null = null
  #data: string[] = []
  #length = 0

  /**
   * The events that are whole with these bytes, or this text of whole characters.
   * @throws {RangeError} where one is longer than any model's
   */
  push(piece: Uint8Array | string): StreamEvent[] {
    const text = typeof piece === "string" ? piece : this.#decode(piece)
    if (text === "") return []
    this.#text += this.#isBegun || text.charCodeAt(0) !== BYTE_ORDER_MARK ? text : text.slice(1)
    this.#isBegun = true
    this.#hasReturns ||= text.includes("\r")
    const events: StreamEvent[] = []
    let start = 0
    for (;;) {
      const end = this.#lineEnd(this.#looked)
      if (end < 0) break
      const next = end + (this.#text.startsWith("\r\n", end) ? 2 : 1)
      const event = this.#line(this.#text.slice(start, end))
      if (event !== undefined) events.push(event)
      start = next
      this.#looked = next
    }
    if (start > 0) {
      this.#text = this.#text.slice(start)
      this.#looked -= start
    }
    if (this.#text.length + this.#length > LONGEST_EVENT) throw new RangeError("An event of the stream is too long")
    return events
  }

  #decode(bytes: Uint8Array): string {
    this.#decoder ??= new TextDecoder("utf-8", { ignoreBOM: true })
    return this.#decoder.decode(bytes, { stream: true })
  }

  /** Where the next line ends; -1 where that is not to be told yet, as after a carriage return that comes last. */
  #lineEnd(from: number): number {
    const text = this.#text
    if (!this.#hasReturns) {
      const end = text.indexOf("\n", from)
      if (end < 0) this.#looked = text.length
      return end
    }
    for (let at = from; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === 10 || (code === 13 && at + 1 < text.length)) return at
      this.#looked = code === 13 ? at : at + 1
    }
    return -1
  }

  #line(line: string): StreamEvent | undefined {
    if (line === "") return this.#dispatch()
    const colon = line.indexOf(":")
    if (colon === 0) return undefined
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? "" : line.slice(line.charCodeAt(colon + 1) === 32 ? colon + 2 : colon + 1)
    if (field === "event") this.#event = value
    if (field === "error") this.#event = "error"
    if (field === "data" || field === "error") {
      this.#data.push(value)
      this.#length += value.length
    }
    return undefined
  }

  #dispatch(): StreamEvent | undefined {
    const event = this.#data.length === 0 ? undefined : { event: this.#event, data: this.#data.join("\n") }
    this.#event = null
    this.#data = []
    this.#length = 0
    return event
  }
}

/** An event as text; `data` is sent as JSON, which has no line ends. */
export function eventText(data: unknown, event?: string): string {
  return `${event === undefined ? "" : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`
}

/** What ends a stream of OpenAI's dialect. Without it clients must take an answer for cut off. */
export const DONE_TEXT = "data: [DONE]\n\n"
