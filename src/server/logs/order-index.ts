/**
 * The index beside an attempt's output: in which order the pieces of both streams arrived, and when. The truth about the
 * bytes is in the stream files; this says only how to weave them together.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs"
import { join } from "node:path"
import type { OutputStream } from "../../protocol/frames.ts"

/** Bytes of one record in the file, and of the header before the first. */
export const RECORD_BYTES = 20
const MAGIC = 0x574c4f47 // "WLOG"
const GAP_BIT = 0x80
const BATCH = 4096

/** A run of bytes of one stream that arrived together. */
export interface OrderRecord {
  readonly stream: OutputStream
  /** Offset of the first byte in its stream. */
  readonly offset: number
  readonly bytes: number
  /** When it arrived, milliseconds since 1970. */
  readonly at: number
  /** The bytes never came: the host had let go of them. */
  readonly gap: boolean
}

/** How much of each stream this log keeps; fixed when it is begun, so that it can be read after the settings changed. */
export interface LogLimits {
  readonly headBytes: number
  /** The last bytes past the head are kept in segments of this size... */
  readonly segmentBytes: number
  /** ...and so many of them. */
  readonly segments: number
}

export function encodeHeader(limits: LogLimits): Buffer {
  const header = Buffer.alloc(RECORD_BYTES)
  header.writeUInt32BE(MAGIC, 0)
  header.writeUIntBE(limits.headBytes, 4, 6)
  header.writeUInt32BE(limits.segmentBytes, 10)
  header.writeUInt16BE(limits.segments, 14)
  return header
}

/** `undefined` when this is not the beginning of an index. */
export function decodeHeader(header: Buffer): LogLimits | undefined {
  if (header.length < RECORD_BYTES || header.readUInt32BE(0) !== MAGIC) return undefined
  return {
    headBytes: header.readUIntBE(4, 6),
    segmentBytes: header.readUInt32BE(10),
    segments: header.readUInt16BE(14),
  }
}

/** Writes one record into `into` at `at`. */
export function encodeRecord(record: OrderRecord, into: Buffer, at: number): void {
  into.writeUIntBE(Math.max(0, Math.round(record.at)), at, 6)
  into.writeUInt8((record.stream === "stdout" ? 1 : 2) | (record.gap ? GAP_BIT : 0), at + 6)
  into.writeUInt8(0, at + 7)
  into.writeUIntBE(record.offset, at + 8, 6)
  into.writeUIntBE(record.bytes, at + 14, 6)
}

export function decodeRecord(from: Buffer, at: number): OrderRecord {
  const kind = from.readUInt8(at + 6)
  return {
    at: from.readUIntBE(at, 6),
    stream: (kind & ~GAP_BIT) === 1 ? "stdout" : "stderr",
    offset: from.readUIntBE(at + 8, 6),
    bytes: from.readUIntBE(at + 14, 6),
    gap: (kind & GAP_BIT) !== 0,
  }
}

/** Reads records `first` and on, at most `limit`; fewer at the end of the file, none where there is no file. */
export function readRecords(path: string, first: number, limit: number): OrderRecord[] {
  const fd = openIfThere(path)
  if (fd === undefined) return []
  try {
    const buffer = Buffer.allocUnsafe(limit * RECORD_BYTES)
    const got = readSync(fd, buffer, 0, buffer.length, (first + 1) * RECORD_BYTES)
    const records: OrderRecord[] = []
    for (let at = 0; at + RECORD_BYTES <= got; at += RECORD_BYTES) records.push(decodeRecord(buffer, at))
    return records
  } finally {
    closeSync(fd)
  }
}

/** Shows the first `count` records in order until `look` says false; returns how many it accepted. */
export function eachRecord(folder: string, count: number, look: (record: OrderRecord) => boolean): number {
  for (let first = 0; first < count; first += BATCH) {
    const records = readRecords(join(folder, "order"), first, Math.min(BATCH, count - first))
    for (const [index, record] of records.entries()) if (!look(record)) return first + index
  }
  return count
}

/** The header and how many whole records follow it; `undefined` where there is no index. */
export function readHeader(path: string): { limits: LogLimits; records: number } | undefined {
  const fd = openIfThere(path)
  if (fd === undefined) return undefined
  try {
    const header = Buffer.alloc(RECORD_BYTES)
    readSync(fd, header, 0, RECORD_BYTES, 0)
    const limits = decodeHeader(header)
    if (limits === undefined) return undefined
    return { limits, records: Math.max(0, Math.floor(fstatSync(fd).size / RECORD_BYTES) - 1) }
  } finally {
    closeSync(fd)
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, "r")
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw error
  }
}
