/**
 * How two ends measure the way between them, over any pair of byte streams: one asks, the other answers. The asker sends words of
 * one byte: `P` is answered with a byte (a round trip); `G` and a u32 of milliseconds with data for so long; behind `T` and the same
 * comes data for so long, answered with what came of it. Data is pieces, each a u32 length and so many bytes, ended by a length of 0.
 * What comes is timed by who receives it, from the first piece on, so that starting up and what still lies in buffers do not count.
 */
import { WindfallError } from "./errors.ts"

export interface BenchWire {
  readonly incoming: AsyncIterable<Uint8Array>
  /** Resolves when there is room for more. */
  write(bytes: Uint8Array): Promise<void>
}

/** A duplex stream as Node has them, as far as it is used here. */
interface ByteStream extends AsyncIterable<Uint8Array> {
  readonly destroyed: boolean
  write(bytes: Uint8Array): boolean
  once(event: "drain" | "close", listener: () => void): unknown
  off(event: "drain" | "close", listener: () => void): unknown
}

/** Both ways of one stream. Who makes it destroys it. */
export function wireOver(stream: ByteStream): BenchWire {
  const write = (bytes: Uint8Array) => {
    if (stream.destroyed) return Promise.reject(gone())
    if (stream.write(bytes)) return Promise.resolve()
    return new Promise<void>((resolve, reject) => {
      const done = () => {
        stream.off("drain", done)
        stream.off("close", done)
        if (stream.destroyed) reject(gone())
        else resolve()
      }
      stream.once("drain", done)
      stream.once("close", done)
    })
  }
  return { incoming: stream, write }
}

export interface BenchTools {
  /** Milliseconds on a clock that only goes forward. */
  readonly nowMs: () => number
  /** What is sent over and over: bytes that nobody on the way can compress. At most {@link MOST_PIECE_BYTES}. */
  readonly payload: Uint8Array
  readonly limits: BenchLimits
}

/** Each direction ends with the first of these. */
export interface BenchLimits {
  readonly durationMs: number
  readonly bytes: number
}

export const BENCH_LIMITS: BenchLimits = { durationMs: 3_000, bytes: 1_000_000_000 }
/** TCP and ssh take some tenths of a second to come up to speed: what is shorter finds less than there is, and would be kept. */
export const LEAST_BENCH_MS = 1_000
export const MOST_BENCH_MS = 10_000
/** All of a measurement, however slow the way: then it is given up. */
export const BENCH_TIMEOUT_MS = 30_000
export const MOST_PIECE_BYTES = 1024 * 1024
/** Less would measure buffers. */
const LEAST_MEASURED_MS = 1
const ROUND_TRIPS = 9
const MOST_DURATION_MS = 60_000

/** A line of an agent's answer that measures towards another host: how far a direction is, then the result, or why there is none. */
export type BenchLine =
  | { readonly direction: "received" | "sent"; readonly flow: BenchFlow }
  | { readonly result: BenchResult }
  | { readonly failed: string }

/** What came of one direction. */
export interface BenchFlow {
  readonly bytes: number
  readonly durationMs: number
}

export interface BenchResult {
  readonly roundTripMs: number
  /** From the answerer to the asker, and back. */
  readonly received: BenchFlow
  readonly sent: BenchFlow
}

/** Measures as the one who asks. @throws {WindfallError} corrupt_data, link_lost where the other end does not keep to this */
export async function askBench(
  wire: BenchWire,
  tools: BenchTools,
  onProgress: (direction: "received" | "sent", flow: BenchFlow) => void,
): Promise<BenchResult> {
  const { nowMs, limits } = tools
  const bytes = new Incoming(wire.incoming)
  const trips: number[] = []
  for (let i = 0; i < ROUND_TRIPS; i++) {
    const sentMs = nowMs()
    await wire.write(word("P"))
    await bytes.exactly(1)
    trips.push(nowMs() - sentMs)
  }
  const roundTripMs = trips.sort((a, b) => a - b)[ROUND_TRIPS >> 1] ?? 0
  await wire.write(word("G", limits.durationMs))
  const received = await receive(bytes, tools, (flow) => onProgress("received", flow))
  await wire.write(word("T", limits.durationMs))
  await give(wire, tools, limits.durationMs, (flow) => onProgress("sent", flow))
  const answer = new DataView((await bytes.exactly(16)).buffer)
  const sent = { bytes: answer.getFloat64(0), durationMs: answer.getFloat64(8) }
  if (!(sent.bytes >= 0) || !(sent.durationMs >= 0)) throw garbled()
  return { roundTripMs, received, sent }
}

/** Answers until the asker has no more. */
export async function answerBench(wire: BenchWire, tools: BenchTools): Promise<void> {
  const bytes = new Incoming(wire.incoming)
  for (;;) {
    const [asked] = (await bytes.upTo(1)) ?? []
    if (asked === undefined) return
    const letter = String.fromCharCode(asked)
    if (letter === "P") {
      await wire.write(word("P"))
      continue
    }
    if (letter !== "G" && letter !== "T") throw garbled()
    const durationMs = new DataView((await bytes.exactly(4)).buffer).getUint32(0)
    if (durationMs > MOST_DURATION_MS) throw garbled()
    if (letter === "G") await give(wire, tools, durationMs, () => {})
    else {
      const flow = await receive(bytes, tools, () => {})
      const answer = new DataView(new ArrayBuffer(16))
      answer.setFloat64(0, flow.bytes)
      answer.setFloat64(8, flow.durationMs)
      await wire.write(new Uint8Array(answer.buffer))
    }
  }
}

/** Megabits a second; `null` where too little came to tell. */
export function mbpsOf({ bytes, durationMs }: BenchFlow): number | null {
  return durationMs < LEAST_MEASURED_MS || bytes === 0 ? null : (bytes * 8) / 1e3 / durationMs
}

async function give(
  wire: BenchWire,
  { nowMs, payload, limits }: BenchTools,
  durationMs: number,
  onProgress: (flow: BenchFlow) => void,
): Promise<void> {
  const piece = new Uint8Array(4 + payload.length)
  new DataView(piece.buffer).setUint32(0, payload.length)
  piece.set(payload, 4)
  const beganMs = nowMs()
  for (let bytes = 0; bytes < limits.bytes && nowMs() - beganMs < durationMs; bytes += payload.length) {
    await wire.write(piece)
    onProgress({ bytes: bytes + payload.length, durationMs: nowMs() - beganMs })
  }
  await wire.write(new Uint8Array(4))
}

/** Takes data to its end. Only what comes within the time, and behind the first piece, is measured. */
async function receive(
  bytes: Incoming,
  { nowMs, limits }: BenchTools,
  onProgress: (flow: BenchFlow) => void,
): Promise<BenchFlow> {
  let flow: BenchFlow = { bytes: 0, durationMs: 0 }
  let beganMs: number | undefined
  for (;;) {
    const length = new DataView((await bytes.exactly(4)).buffer).getUint32(0)
    if (length === 0) return flow
    if (length > MOST_PIECE_BYTES) throw garbled()
    await bytes.skip(length)
    if (beganMs === undefined) {
      beganMs = nowMs()
      continue
    }
    const durationMs = nowMs() - beganMs
    if (durationMs > limits.durationMs && flow.bytes > 0) continue
    flow = { bytes: flow.bytes + length, durationMs }
    onProgress(flow)
  }
}

function word(letter: string, durationMs?: number): Uint8Array {
  const bytes = new Uint8Array(durationMs === undefined ? 1 : 5)
  bytes[0] = letter.charCodeAt(0)
  if (durationMs !== undefined) new DataView(bytes.buffer).setUint32(1, durationMs)
  return bytes
}

function gone(): WindfallError {
  return new WindfallError("link_lost", "Cannot measure: the other end has gone")
}

function garbled(): WindfallError {
  return new WindfallError("corrupt_data", "Cannot measure: the other end says something else than was agreed")
}

/** Bytes as they come, taken by number. */
class Incoming {
  readonly #pieces: AsyncIterator<Uint8Array>
  #rest: Uint8Array = new Uint8Array(0)

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]()
  }

  /** Some, at most so many; `undefined` at the end. */
  async upTo(count: number): Promise<Uint8Array | undefined> {
    while (this.#rest.length === 0) {
      const { value, done } = await this.#pieces.next()
      if (done === true) return undefined
      this.#rest = value
    }
    const taken = this.#rest.subarray(0, count)
    this.#rest = this.#rest.subarray(taken.length)
    return taken
  }

  async exactly(count: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(count)
    for (let at = 0; at < count; ) {
      const piece = await this.#some(count - at)
      bytes.set(piece, at)
      at += piece.length
    }
    return bytes
  }

  async skip(count: number): Promise<void> {
    for (let left = count; left > 0; ) left -= (await this.#some(left)).length
  }

  async #some(count: number): Promise<Uint8Array> {
    const piece = await this.upTo(count)
    if (piece === undefined) throw gone()
    return piece
  }
}
