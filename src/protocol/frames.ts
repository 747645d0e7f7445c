/**
 * The control stream between server and agent: one HTTP/2 stream, open as long as the link, carrying frames both ways.
 * A frame is a 4-byte big-endian length of what follows, one kind byte, and the payload.
 */
export const FRAME_JSON = 0
/** Payload: attempt sequence number u32, stream u8 (1 stdout, 2 stderr), offset u48, then the bytes. */
export const FRAME_OUTPUT = 1

/** No frame is longer; a longer one means garbage on the line. Messages with more to say travel as blobs. */
export const MAX_FRAME_BYTES = 16 * 1024 * 1024
const HEAD_BYTES = 5
const OUTPUT_HEAD_BYTES = 11

export type OutputStream = "stdout" | "stderr"

/** A piece of an attempt's output, as the agent read it from the host's file at `offset`. */
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
  const whole = new Uint8Array(HEAD_BYTES + OUTPUT_HEAD_BYTES + output.bytes.length)
  const view = new DataView(whole.buffer)
  view.setUint32(0, 1 + OUTPUT_HEAD_BYTES + output.bytes.length)
  view.setUint8(4, FRAME_OUTPUT)
  view.setUint32(5, output.sequence)
  view.setUint8(9, output.stream === "stdout" ? 1 : 2)
  view.setUint16(10, Math.floor(output.offset / 2 ** 32))
  view.setUint32(12, output.offset % 2 ** 32)
  whole.set(output.bytes, HEAD_BYTES + OUTPUT_HEAD_BYTES)
  return whole
}

/** Cuts a byte stream into frames. Everything from the other end is untrusted: a malformed frame throws SyntaxError. */
export class FrameReader {
  #rest: Uint8Array = new Uint8Array(0)

  /** Takes the next chunk and returns the frames that are now whole. Output bytes may share memory with the chunk. */
  read(chunk: Uint8Array): Frame[] {
    const frames: Frame[] = []
    let data = chunk
    if (this.#rest.length > 0) {
      data = new Uint8Array(this.#rest.length + chunk.length)
      data.set(this.#rest)
      data.set(chunk, this.#rest.length)
    }
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
    let at = 0
    while (data.length - at >= 4) {
      const length = view.getUint32(at)
      if (length === 0 || length > MAX_FRAME_BYTES) throw new SyntaxError(`a frame of ${length} bytes`)
      if (data.length - at - 4 < length) break
      frames.push(parseFrame(data.subarray(at + 4, at + 4 + length)))
      at += 4 + length
    }
    this.#rest = data.slice(at)
    return frames
  }
}

function parseFrame(frame: Uint8Array): Frame {
  const kind = frame[0]
  if (kind === FRAME_JSON) return { kind: "json", message: JSON.parse(decoder.decode(frame.subarray(1))) }
  if (kind !== FRAME_OUTPUT || frame.length < 1 + OUTPUT_HEAD_BYTES)
    throw new SyntaxError(`a frame of unknown kind ${kind}`)
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  const stream = view.getUint8(5)
  if (stream !== 1 && stream !== 2) throw new SyntaxError(`output of unknown stream ${stream}`)
  return {
    kind: "output",
    output: {
      sequence: view.getUint32(1),
      stream: stream === 1 ? "stdout" : "stderr",
      offset: view.getUint16(6) * 2 ** 32 + view.getUint32(8),
      bytes: frame.subarray(1 + OUTPUT_HEAD_BYTES),
    },
  }
}
