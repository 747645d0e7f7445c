/**
 * Packs: how blobs travel, everywhere. A pack is a run of records: the hash in 32 bytes, the length as u64 big-endian, the
 * bytes. It ends at the end of a record. Whole blobs in front of a break are good; the one it breaks off is not.
 */
import { WindfallError } from "../protocol/errors.ts"
import type { BlobHash } from "../protocol/ids.ts"
import { asBuffer, HASH_BYTES, putHash } from "./hash.ts"
import { beginIncoming, HEAD_BYTES, type IncomingBlob } from "./incoming-blob.ts"

/** One blob on its way out. `open` gives exactly `bytes` bytes, of which a piece may be good only until the next one is asked for. */
export interface PackBlob {
  readonly hash: BlobHash
  readonly bytes: number
  open(): AsyncIterable<Uint8Array> | Uint8Array
}

/** Where incoming blobs go. */
export interface BlobSink {
  /** Takes a small blob whose hash is already verified. */
  write(hash: BlobHash, bytes: Uint8Array): Promise<void> | void
  /** Begins a large one; its pieces follow, then `commit` (the hash is verified by then) or `abort`. */
  begin(hash: BlobHash, bytes: number): Promise<BlobWriter> | BlobWriter
}
export interface BlobWriter {
  write(piece: Uint8Array): Promise<void> | void
  commit(): Promise<void> | void
  abort(): Promise<void> | void
}

/** Small records are gathered into pieces of about this size: fewer writes, fewer turns. */
const PIECE_BYTES = 256 * 1024

/**
 * Encodes blobs as a pack. A piece of it is good as long as the blob's own is: of some, only until the next one is asked for.
 * @throws {WindfallError} corrupt_data when a blob gives another number of bytes than it said; the pack is then unusable
 */
export async function* encodePack(
  blobs: AsyncIterable<PackBlob> | Iterable<PackBlob>,
): AsyncGenerator<Uint8Array, void, void> {
  let pieces: Uint8Array[] = []
  let gathered = 0
  /** Returns whether it is time to yield what is gathered. */
  const gather = (piece: Uint8Array, isLasting: boolean): boolean => {
    const isEnough = gathered + piece.length >= PIECE_BYTES
    pieces.push(isLasting || isEnough ? piece : Uint8Array.from(piece))
    gathered += piece.length
    return isEnough
  }
  const empty = (): Uint8Array => {
    const whole = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, gathered)
    pieces = []
    gathered = 0
    return whole
  }
  for await (const blob of blobs) {
    const head = Buffer.allocUnsafe(HEAD_BYTES)
    putHash(head, 0, blob.hash)
    head.writeUInt32BE(Math.floor(blob.bytes / 2 ** 32), HASH_BYTES)
    head.writeUInt32BE(blob.bytes % 2 ** 32, HASH_BYTES + 4)
    gather(head, true)
    const content = blob.open()
    let sent = 0
    if (content instanceof Uint8Array) {
      sent = content.length
      if (gather(content, true)) yield empty()
    } else {
      for await (const piece of content) {
        sent += piece.length
        if (sent > blob.bytes) break
        if (gather(piece, false)) yield empty()
      }
    }
    if (sent !== blob.bytes) {
      throw new WindfallError("corrupt_data", `Cannot send a blob: it has ${sent} bytes instead of ${blob.bytes}`)
    }
  }
  if (gathered > 0) yield empty()
}

/**
 * Reads a pack from anywhere into `sink` and returns how many blobs it held. Every hash is verified; memory is bounded
 * whatever the lengths say. After an error the blobs before it are in the sink and nothing of the one that broke.
 * @throws {WindfallError} corrupt_data for a blob that is not what its hash says or a pack that breaks off
 */
export async function readPack(
  source: AsyncIterable<Uint8Array>,
  sink: BlobSink,
  options: {
    signal?: AbortSignal | undefined
    onBlob?: ((hash: BlobHash, bytes: number) => void) | undefined
    /** How much has come of a blob that is still on its way. */
    onPiece?: ((hash: BlobHash, bytes: number) => void) | undefined
  } = {},
): Promise<number> {
  const { signal, onBlob, onPiece } = options
  const head = Buffer.alloc(HEAD_BYTES)
  let headFilled = 0
  let blobs = 0
  let open: IncomingBlob | undefined
  const finish = async (blob: IncomingBlob): Promise<void> => {
    await blob.commit()
    blobs++
    onBlob?.(blob.hash, blob.bytes)
  }
  try {
    for await (const chunk of source) {
      signal?.throwIfAborted()
      const data = asBuffer(chunk)
      let at = 0
      while (at < data.length) {
        if (open === undefined) {
          const copied = data.copy(head, headFilled, at, Math.min(data.length, at + HEAD_BYTES - headFilled))
          headFilled += copied
          at += copied
          if (headFilled < HEAD_BYTES) break
          headFilled = 0
          open = await beginIncoming(head, sink)
        }
        if (open.left > 0) {
          const end = Math.min(data.length, at + open.left)
          await open.take(data.subarray(at, end))
          at = end
          onPiece?.(open.hash, open.bytes - open.left)
        }
        if (open.left === 0) {
          await finish(open)
          open = undefined
        }
      }
    }
    signal?.throwIfAborted()
    if (open !== undefined || headFilled > 0) {
      throw new WindfallError("corrupt_data", "Cannot read a pack: it breaks off in the middle of a blob")
    }
    return blobs
  } catch (error) {
    await open?.abort()
    throw error
  }
}
