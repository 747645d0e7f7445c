/**
 * Terminal bytes on a WebSocket (CLI to server) and on an HTTP/2 stream (server to agent): the same frames on both.
 * A frame is one kind byte and a payload; on HTTP/2 it is preceded by its length as u32 big-endian.
 *
 * The client speaks first with `attach`, the host answers `attached` (or `failed`), then both speak freely. Output and
 * input are counted in bytes from the terminal's first one, so that after a lost link each side goes on exactly where the
 * other stopped: the client names the output it has, the host names the input it took. One client is attached at a
 * time; a newer one takes the place of the older.
 */
export const TERMINAL = {
  /** To the host: offset u48 of the first byte in all this client ever typed, then the keys. */
  input: 1,
  /** To the host: columns u16, rows u16. */
  resize: 2,
  /** From the host: offset u48 of the first byte in the session's output, then the bytes. */
  output: 3,
  /** From the host: JSON {@link TerminalExit}; the last frame. */
  exit: 4,
  /** To the host: offset u48 up to which output was shown, for flow control. */
  shown: 5,
  /** From the host: JSON `{ code, message, hint }`: the terminal cannot be had; the last frame. */
  failed: 6,
  /** To the host, first: JSON {@link TerminalAttach}. */
  attach: 7,
  /** From the host, the answer: JSON {@link TerminalAttached}. */
  attached: 8,
  /** From the host: offset u48 up to which this client's input has reached the terminal. */
  taken: 9,
  /** To the host: ends the terminal as closing its window would. */
  hangup: 10,
} as const

export interface TerminalAttach {
  /** Chosen at random by the client when it starts, and kept over its reconnects: see {@link isTerminalId}. */
  readonly client: string
  /** The first byte of output the client lacks; `null` for a client that has shown nothing: then the latest output comes. */
  readonly from: number | null
  readonly columns: number
  readonly rows: number
  /** The client's TERM. Used where the terminal starts with this client; later ones do not change it. */
  readonly term: string
}

export interface TerminalAttached {
  /** Output follows from here: later than asked for when the bytes between are no longer kept. */
  readonly from: number
  /** How much output there is in all, at this moment. */
  readonly end: number
  /** How much of this client's input was taken so far; `null`: the host does not know this client. */
  readonly input: number | null
}

export interface TerminalExit {
  readonly exitCode: number | null
  readonly signal: number | null
}

export interface TerminalFailure {
  readonly code: string
  readonly message: string
  readonly hint?: string | undefined
}

export type TerminalFrame =
  | { readonly kind: "input" | "output"; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: "shown" | "taken"; readonly offset: number }
  | { readonly kind: "resize"; readonly columns: number; readonly rows: number }
  | ({ readonly kind: "attach" } & TerminalAttach)
  | ({ readonly kind: "attached" } & TerminalAttached)
  | ({ readonly kind: "exit" } & TerminalExit)
  | ({ readonly kind: "failed" } & TerminalFailure)
  | { readonly kind: "hangup" }

/** Frames a client may send; all others come from the host. */
export const FROM_CLIENT: ReadonlySet<TerminalFrame["kind"]> = new Set(["attach", "input", "resize", "shown", "hangup"])

/** Bytes of keys or output in one frame, at most. */
export const TERMINAL_PIECE_BYTES = 32 * 1024
/** A frame is never longer than this; a longer one is garbage on the line. */
export const MAX_TERMINAL_FRAME_BYTES = 64 * 1024
/** Output sent and not yet shown, at most: a flood neither fills memory nor hides the answer to a key for long. */
export const TERMINAL_WINDOW_BYTES = 64 * 1024
/** Rows and columns go to this. */
const MAX_SIDE = 10_000

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Whether a text names a client or a shell: 16 to 32 characters of a-z and 0-9, safe in file names and URLs. */
export function isTerminalId(text: unknown): text is string {
  return typeof text === "string" && /^[0-9a-z]{16,32}$/.test(text)
}

/** Encodes a frame as it travels in one WebSocket message. */
export function encodeTerminalFrame(frame: TerminalFrame): Uint8Array<ArrayBuffer> {
  return encode(frame, 0)
}

/** Encodes a frame as it travels on a byte stream: preceded by its length. */
export function encodeTerminalPiece(frame: TerminalFrame): Uint8Array<ArrayBuffer> {
  const whole = encode(frame, 4)
  new DataView(whole.buffer).setUint32(0, whole.length - 4)
  return whole
}

/** Reads one frame. From the other end, so untrusted: throws SyntaxError for anything that is not a frame in bounds. */
export function decodeTerminalFrame(frame: Uint8Array): TerminalFrame {
  if (frame.length === 0 || frame.length > MAX_TERMINAL_FRAME_BYTES) {
    throw new SyntaxError(`a terminal frame of ${frame.length} bytes`)
  }
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  const kind = KINDS[frame[0] ?? 0]
  if (kind === undefined) throw new SyntaxError(`a terminal frame of unknown kind ${frame[0]}`)
  switch (kind) {
    case "input":
    case "output":
      return { kind, offset: readOffset(view, kind), bytes: frame.subarray(7) }
    case "shown":
    case "taken":
      return { kind, offset: readOffset(view, kind) }
    case "resize":
      if (frame.length !== 5) throw new SyntaxError("a malformed resize frame")
      return { kind, columns: side(view.getUint16(1)), rows: side(view.getUint16(3)) }
    case "hangup":
      return { kind }
    case "attach":
      return { kind, ...readAttach(readJson(frame)) }
    case "attached":
      return { kind, ...readAttached(readJson(frame)) }
    case "exit":
      return { kind, ...readExit(readJson(frame)) }
    case "failed":
      return { kind, ...readFailure(readJson(frame)) }
  }
}

/** Cuts a byte stream into frames that are still encoded. Throws SyntaxError for a length out of bounds. */
export class TerminalPieceReader {
  #rest: Uint8Array = new Uint8Array(0)

  /** Takes the next chunk and returns the frames that are now whole; they may share memory with the chunk. */
  read(chunk: Uint8Array): Uint8Array[] {
    let data = chunk
    if (this.#rest.length > 0) {
      data = new Uint8Array(this.#rest.length + chunk.length)
      data.set(this.#rest)
      data.set(chunk, this.#rest.length)
    }
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
    const frames: Uint8Array[] = []
    let at = 0
    while (data.length - at >= 4) {
      const length = view.getUint32(at)
      if (length === 0 || length > MAX_TERMINAL_FRAME_BYTES)
        throw new SyntaxError(`a terminal frame of ${length} bytes`)
      if (data.length - at - 4 < length) break
      frames.push(data.subarray(at + 4, at + 4 + length))
      at += 4 + length
    }
    this.#rest = data.slice(at)
    return frames
  }
}

const KINDS: Readonly<Record<number, TerminalFrame["kind"] | undefined>> = Object.fromEntries(
  Object.entries(TERMINAL).map(([kind, code]) => [code, kind as TerminalFrame["kind"]]),
)

function encode(frame: TerminalFrame, before: number): Uint8Array<ArrayBuffer> {
  const payload = encodePayload(frame)
  const whole = new Uint8Array(before + 1 + payload.length)
  whole[before] = TERMINAL[frame.kind]
  whole.set(payload, before + 1)
  return whole
}

function encodePayload(frame: TerminalFrame): Uint8Array {
  switch (frame.kind) {
    case "input":
    case "output":
      return withOffset(frame.offset, frame.bytes)
    case "shown":
    case "taken":
      return withOffset(frame.offset, new Uint8Array(0))
    case "resize":
      return new Uint8Array([frame.columns >> 8, frame.columns & 255, frame.rows >> 8, frame.rows & 255])
    case "hangup":
      return new Uint8Array(0)
    case "attach":
    case "attached":
    case "exit":
    case "failed": {
      const { kind: _, ...body } = frame
      return encoder.encode(JSON.stringify(body))
    }
  }
}

function withOffset(offset: number, bytes: Uint8Array): Uint8Array {
  const payload = new Uint8Array(6 + bytes.length)
  const view = new DataView(payload.buffer)
  view.setUint16(0, Math.floor(offset / 2 ** 32))
  view.setUint32(2, offset % 2 ** 32)
  payload.set(bytes, 6)
  return payload
}

function readOffset(view: DataView, kind: string): number {
  if (view.byteLength < 7) throw new SyntaxError(`a malformed ${kind} frame`)
  return view.getUint16(1) * 2 ** 32 + view.getUint32(3)
}

function readJson(frame: Uint8Array): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(decoder.decode(frame.subarray(1)))
  if (typeof value !== "object" || value === null) throw new SyntaxError("a terminal frame without an object")
  return value as Readonly<Record<string, unknown>>
}

function readAttach(body: Readonly<Record<string, unknown>>): TerminalAttach {
  const { client, from, columns, rows, term } = body
  if (!isTerminalId(client)) throw new SyntaxError("an attach frame without a client")
  if (typeof term !== "string" || !/^[\w.+-]{0,64}$/.test(term))
    throw new SyntaxError("an attach frame with an odd TERM")
  return { client, from: from === null ? null : count(from), columns: side(columns), rows: side(rows), term }
}

function readAttached(body: Readonly<Record<string, unknown>>): TerminalAttached {
  return { from: count(body.from), end: count(body.end), input: body.input === null ? null : count(body.input) }
}

function readExit(body: Readonly<Record<string, unknown>>): TerminalExit {
  const { exitCode, signal } = body
  return { exitCode: exitCode === null ? null : count(exitCode), signal: signal === null ? null : count(signal) }
}

function readFailure(body: Readonly<Record<string, unknown>>): TerminalFailure {
  const { code, message, hint } = body
  if (typeof code !== "string" || typeof message !== "string") throw new SyntaxError("a malformed failed frame")
  return { code, message, ...(typeof hint === "string" ? { hint } : {}) }
}

function count(value: unknown): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0 || value >= 2 ** 48) {
    throw new SyntaxError(`${JSON.stringify(value)} is not a count`)
  }
  return value
}

function side(value: unknown): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 1 || value > MAX_SIDE) {
    throw new SyntaxError(`${JSON.stringify(value)} is not a terminal's width or height`)
  }
  return value
}
