import type { OutputStream } from "../../protocol/frames.ts"
import type { AttemptLog } from "./attempt-log.ts"
import { STREAMS } from "./log-layout.ts"
import type { Positions } from "./read-log.ts"
import { readPiece } from "./read-piece.ts"

const NEWLINE = 0x0a
const BATCH = 1024
/** Bytes looked at in one step while counting lines from the end. */
const STEP_BYTES = 64 * 1024

/** Where the first output stands that arrived at or after `sinceMs` (milliseconds since 1970). */
export function positionsSince(log: AttemptLog, sinceMs: number): Positions {
  const found: Partial<Positions> = {}
  for (let index = 0; index < log.recordCount; index += BATCH) {
    for (const record of log.records(index, BATCH)) {
      if (record.at >= sinceMs) found[record.stream] ??= record.offset
    }
    if (STREAMS.every((stream) => found[stream] !== undefined)) break
  }
  return { stdout: found.stdout ?? log.extent("stdout").end, stderr: found.stderr ?? log.extent("stderr").end }
}

/** Where the last `lines` lines begin, of the given streams as woven together; a line not ended yet counts as one. */
export async function positionsOfTail(
  log: AttemptLog,
  lines: number,
  streams: readonly OutputStream[] = STREAMS,
): Promise<Positions> {
  const positions: Positions = { stdout: log.extent("stdout").end, stderr: log.extent("stderr").end }
  if (lines <= 0) return positions
  let newlines = 0
  let first = true
  for (let index = log.recordCount; index > 0; ) {
    const from = Math.max(0, index - BATCH)
    const records = log.records(from, index - from)
    index = from
    for (const record of records.reverse()) {
      if (record.gap || !streams.includes(record.stream)) continue
      let end = Math.min(record.offset + record.bytes, log.extent(record.stream).end)
      while (end > record.offset) {
        const begin = Math.max(record.offset, end - STEP_BYTES)
        const bytes = await bytesOf(log, record.stream, begin, end)
        if (bytes === undefined) return positions
        for (let at = bytes.length - 1; at >= 0; at--) {
          if (bytes[at] === NEWLINE && !(first && at === bytes.length - 1)) {
            newlines += 1
            if (newlines === lines) {
              positions[record.stream] = begin + at + 1
              return positions
            }
          }
        }
        first = false
        positions[record.stream] = end = begin
      }
    }
  }
  return positions
}

/** All bytes of a range; `undefined` when some are not kept. */
async function bytesOf(log: AttemptLog, stream: OutputStream, from: number, to: number): Promise<Buffer | undefined> {
  const parts: Uint8Array[] = []
  for (let at = from; at < to; ) {
    const piece = await readPiece(log, stream, at, to)
    if (piece === undefined || piece.bytes === null) return undefined
    parts.push(piece.bytes)
    at = piece.to
  }
  return Buffer.concat(parts)
}
