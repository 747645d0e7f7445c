import { encodeMessages, encodeOutput, encodeOutputHead, type OutputStream } from "../../protocol/frames.ts"
import { Feed } from "../feed.ts"
import type { AttemptLog } from "./attempt-log.ts"
import { STREAMS } from "./log-layout.ts"
import { readPiece } from "./read-piece.ts"

export interface FollowOptions {
  /** Go on until the output is complete; else end with what is there now. */
  readonly follow: boolean
  /** Ends the reading, also while it waits. */
  readonly signal: AbortSignal
}

export interface RawOptions extends FollowOptions {
  readonly from: number
  /** Where to end, exclusive; `null` for the end of the stream. */
  readonly to: number | null
}

/** Where to begin in each stream. */
export type Positions = Record<OutputStream, number>

export interface FrameOptions extends FollowOptions {
  /** The number that stands in the frames: which attempt this is. */
  readonly sequence: number
  readonly from: Positions
}

/** The bytes of one stream from the files; what was not kept is passed over. Holds one piece in memory, however slow the reader. */
export async function* readRaw(log: AttemptLog, stream: OutputStream, options: RawOptions): AsyncGenerator<Uint8Array> {
  let at = options.from
  for await (const finished of passes(log, options)) {
    for (;;) {
      const piece = await readPiece(log, stream, at, options.to ?? Number.POSITIVE_INFINITY)
      if (piece === undefined || options.signal.aborted) break
      if (piece.bytes !== null) yield piece.bytes
      at = piece.to
    }
    if (finished || (options.to !== null && at >= options.to)) return
  }
}

/**
 * Both streams woven together in order of arrival, as frames; a gap is said as a JSON frame where it lies, in one piece: once
 * what follows it is there, or the end.
 */
export async function* readFrames(log: AttemptLog, options: FrameOptions): AsyncGenerator<Uint8Array> {
  const shown = { ...options.from }
  /** Where the gap begins that a stream is in. */
  const gapFrom: Partial<Positions> = {}
  const gapOf = (stream: OutputStream): Uint8Array[] => {
    const from = gapFrom[stream]
    if (from === undefined) return []
    delete gapFrom[stream]
    return [encodeMessages([{ gap: { stream, from, to: shown[stream] } }])]
  }
  const upTo = async function* (stream: OutputStream, end: number) {
    while (shown[stream] < end && !options.signal.aborted) {
      const from = shown[stream]
      const piece = await readPiece(log, stream, from, end)
      if (piece === undefined) return
      if (piece.bytes === null) {
        gapFrom[stream] ??= from
        shown[stream] = piece.to
        continue
      }
      yield* gapOf(stream)
      shown[stream] = piece.to
      const output = { sequence: options.sequence, stream, offset: from, bytes: piece.bytes }
      if (piece.bytes.length < COPIED_BYTES) yield encodeOutput(output)
      else {
        yield encodeOutputHead(output)
        yield piece.bytes
      }
    }
  }
  let index = 0
  for await (const finished of passes(log, options)) {
    const count = log.recordCount
    while (index < count && !options.signal.aborted) {
      const records = log.records(index, Math.min(BATCH, count - index))
      if (records.length === 0) break
      for (const record of records) yield* upTo(record.stream, record.offset + record.bytes)
      index += records.length
    }
    // The latest record of either stream may still grow in place.
    index = Math.max(0, count - 2)
    if (finished) {
      for (const stream of STREAMS) {
        yield* upTo(stream, log.extent(stream).end)
        yield* gapOf(stream)
      }
      return
    }
  }
}

const BATCH = 1024
/** Below this, copying a piece behind its head costs less than a second chunk of the answer. */
const COPIED_BYTES = 16 * 1024

/** One turn for each state of the log worth looking at; yields whether it was complete before the look. */
async function* passes(log: AttemptLog, { follow, signal }: FollowOptions): AsyncGenerator<boolean> {
  using feed = new Feed((onNews) => log.onChange(onNews), signal)
  while (!signal.aborted) {
    const finished = log.awaitsNothing || !follow
    yield finished
    if (finished) return
    await feed.next()
  }
}
