/**
 * The control stream between server and agent: one HTTP/2 stream, open as long as the link, carrying frames both ways.
 * A frame is a 4-byte big-endian length of what follows, one kind byte, and the payload.
 */
export const FRAME_JSON = 0
/** Payload: attempt sequence number u32, stream u8 (1 stdout, 2 stderr), offset u48, then the bytes. */
export const FRAME_OUTPUT = 1

/** No frame is longer; a longer one means garbage on the line. Messages with more to say travel as blobs. */
export const MAX_FRAME_BYTES = 16 * 1024 * 1024
/** No stream of output is longer: offsets have 48 bits, here and in the logs. */
export const MAX_STREAM_BYTES = 2 ** 48 - 1
const HEAD_BYTES = 5
const OUTPUT_HEAD_BYTES = 11

export type OutputStream = "stdout" | "stderr"

/**
 * A piece of an attempt's output, as the agent read it from the host's file at `offset`. An empty one says that nothing is left
 * of what stood before it.
 */
export interface OutputFrame {
  readonly sequence: number
  readonly stream: OutputStream
  readonly offset: number
  readonly bytes: Uint8Array
}

export type Frame =
  | { readonly kind: "json"; readonly message: unknown }
  | { readonly kind: "output"; readonly output: OutputFrame }

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Encodes several messages as consecutive JSON frames in one buffer, so that they leave in one write. */
export function encodeMessages(messages: readonly unknown[]): Uint8Array {
  const bodies = messages.map((message) => encoder.encode(JSON.stringify(message)))
  const whole = new Uint8Array(bodies.reduce((sum, body) => sum + HEAD_BYTES + body.length, 0))
  const view = new DataView(whole.buffer)
  let at = 0
  for (const body of bodies) {
    view.setUint32(at, body.length + 1)
    view.setUint8(at + 4, FRAME_JSON)
    whole.set(body, at + HEAD_BYTES)
    at += HEAD_BYTES + body.length
  }
  return whole
}

/** Encodes one piece of output. */
export function encodeOutput(output: OutputFrame): Uint8Array {
  const head = encodeOutputHead(output)
  const whole = new Uint8Array(head.length + output.bytes.length)
  whole.set(head)
  whole.set(output.bytes, head.length)
  return whole
}

/** What goes before the bytes of a piece of output, for those who can send both without copying them together. */
export function encodeOutputHead({ sequence, stream, offset, bytes }: OutputFrame): Uint8Array {
  const head = new Uint8Array(HEAD_BYTES + OUTPUT_HEAD_BYTES)
  const view = new DataView(head.buffer)
  view.setUint32(0, 1 + OUTPUT_HEAD_BYTES + bytes.length)
  view.setUint8(4, FRAME_OUTPUT)
  view.setUint32(5, sequence)
  view.setUint8(9, stream === "stdout" ? 1 : 2)
  view.setUint16(10, Math.floor(offset / 2 ** 32))
  view.setUint32(12, offset % 2 ** 32)
  return head
}

/**
 * Cuts a byte stream into frames. Everything from the other end is untrusted: a malformed frame throws SyntaxError.
 *
 * The bytes of an output frame are given out as they come, as several smaller frames where need be: copying them together
 * would cost more than all the rest of their way.
 */
export class FrameReader {
  /** The beginning of a frame that is not yet understood, and how much of it there must be to go on. */
  #parts: Uint8Array[] = []
  #bytes = 0
  #wanted = HEAD_BYTES
  /** What is still to come of the output frame begun last. */
  #output: { readonly sequence: number; readonly stream: OutputStream; offset: number; left: number } | null = null

  /** Takes the next chunk and returns the frames that are there now. Output bytes share memory with the chunk. */
  read(chunk: Uint8Array): Frame[] {
    const frames: Frame[] = []
    let data = this.#join(chunk)
    while (data !== null && data.length > 0)
      data = this.#output === null ? this.#begin(data, frames) : this.#go(data, frames)
    return frames
  }

  /** What was kept with the chunk behind it; `null` while that is too little. */
  #join(chunk: Uint8Array): Uint8Array | null {
    if (this.#bytes === 0) return chunk
    this.#keep(chunk, this.#wanted)
    if (this.#bytes < this.#wanted) return null
    const whole = new Uint8Array(this.#bytes)
    let at = 0
    for (const part of this.#parts) {
      whole.set(part, at)
      at += part.length
    }
    this.#parts = []
    this.#bytes = 0
    return whole
  }

  /** Takes a frame, or the head of an output frame, from the front of `data` and returns what follows. */
  #begin(data: Uint8Array, frames: Frame[]): Uint8Array | null {
    if (data.length < HEAD_BYTES) return this.#keep(data, HEAD_BYTES)
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
    const length = view.getUint32(0)
    if (length === 0 || length > MAX_FRAME_BYTES) throw new SyntaxError(`a frame of ${length} bytes`)
    const kind = view.getUint8(4)
    const head = HEAD_BYTES + OUTPUT_HEAD_BYTES
    if (kind === FRAME_JSON) {
      const end = 4 + length
      if (data.length < end) return this.#keep(data, end)
      frames.push({ kind: "json", message: JSON.parse(decoder.decode(data.subarray(HEAD_BYTES, end))) })
      return data.subarray(end)
    }
    if (kind !== FRAME_OUTPUT || 4 + length < head) throw new SyntaxError(`a frame of unknown kind ${kind}`)
    if (data.length < head) return this.#keep(data, head)
    const stream = view.getUint8(9)
    if (stream !== 1 && stream !== 2) throw new SyntaxError(`output of unknown stream ${stream}`)
    const offset = view.getUint16(10) * 2 ** 32 + view.getUint32(12)
    const left = 4 + length - head
    if (offset + left > MAX_STREAM_BYTES) throw new SyntaxError(`output at ${offset}`)
    const output = { sequence: view.getUint32(5), stream: stream === 1 ? "stdout" : "stderr", offset } as const
    const rest = data.subarray(head)
    if (left === 0) frames.push({ kind: "output", output: { ...output, bytes: rest.subarray(0, 0) } })
    else this.#output = { ...output, left }
    return rest
  }

  #keep(data: Uint8Array, wanted: number): null {
    this.#parts.push(data)
    this.#bytes += data.length
    this.#wanted = wanted
    return null
  }

  /** Gives out what `data` has of the output frame and returns what follows. */
  #go(data: Uint8Array, frames: Frame[]): Uint8Array {
    const output = this.#output!
    const { sequence, stream, offset } = output
    const bytes = data.subarray(0, output.left)
    if (bytes.length > 0) frames.push({ kind: "output", output: { sequence, stream, offset, bytes } })
    output.offset += bytes.length
    output.left -= bytes.length
    if (output.left === 0) this.#output = null
    return data.subarray(bytes.length)
  }
}
