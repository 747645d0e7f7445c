import { WindfallError } from "../protocol/errors.ts"
import type { BlobHash } from "../protocol/ids.ts"
import { asBuffer, BlobHasher, getHash, HASH_BYTES, hashBytes } from "./hash.ts"
import type { BlobSink } from "./pack.ts"

/** What stands before each blob of a pack: its hash and its length. */
export const HEAD_BYTES = HASH_BYTES + 8
/** Blobs up to this size are held in memory until they are whole. */
const SMALL_BYTES = 1024 * 1024
/** What comes of larger ones is gathered up to here: to write it costs as much for 16 KB, which is what TLS and HTTP/2 give at a time. */
const GATHERED_BYTES = 512 * 1024
/** What comes in such pieces is not copied together. */
const LARGE_PIECE_BYTES = 128 * 1024
/** On a slow line less than that goes on after so long, to whoever gets it from here. */
const GATHERED_MS = 50

/** A blob of a pack that is just being read. */
export interface IncomingBlob {
  readonly hash: BlobHash
  readonly bytes: number
  /** What is still to come. */
  left: number
  take(piece: Uint8Array): Promise<void> | void
  /** @throws {WindfallError} corrupt_data when it is not what its hash says */
  commit(): Promise<void> | void
  abort(): Promise<void> | void
}

/**
 * Begins a blob with the head that stands before it.
 * @throws {WindfallError} corrupt_data for a length that cannot be
 */
export async function beginIncoming(head: Buffer, sink: BlobSink): Promise<IncomingBlob> {
  const hash = getHash(head, 0)
  const bytes = head.readUInt32BE(HASH_BYTES) * 2 ** 32 + head.readUInt32BE(HASH_BYTES + 4)
  if (!Number.isSafeInteger(bytes)) throw new WindfallError("corrupt_data", "Cannot read a pack: a length is absurd")
  return bytes <= SMALL_BYTES ? smallBlob(hash, bytes, sink) : largeBlob(hash, bytes, sink)
}

function smallBlob(hash: BlobHash, bytes: number, sink: BlobSink): IncomingBlob {
  let content: Buffer | undefined
  const blob: IncomingBlob = {
    hash,
    bytes,
    left: bytes,
    take(piece) {
      if (content === undefined && piece.length === bytes) {
        content = asBuffer(piece)
      } else {
        content ??= Buffer.allocUnsafe(bytes)
        content.set(piece, bytes - blob.left)
      }
      blob.left -= piece.length
    },
    commit() {
      const whole = content ?? Buffer.alloc(0)
      if (hashBytes(whole) !== hash) throw mismatch(hash)
      return sink.write(hash, whole)
    },
    abort() {},
  }
  return blob
}

async function largeBlob(hash: BlobHash, bytes: number, sink: BlobSink): Promise<IncomingBlob> {
  const writer = await sink.begin(hash, bytes)
  const hasher = new BlobHasher()
  let gathered = Buffer.alloc(0)
  let filled = 0
  let sinceMs = 0
  const pass = async (piece: Uint8Array): Promise<void> => {
    const written = writer.write(piece)
    hasher.update(piece) // while it is written
    await written
  }
  const passGathered = (): Promise<void> => {
    const piece = gathered.subarray(0, filled)
    filled = 0
    return pass(piece)
  }
  const passWith = async (piece: Uint8Array): Promise<void> => {
    if (filled > 0) await passGathered()
    await pass(piece)
  }
  const blob: IncomingBlob = {
    hash,
    bytes,
    left: bytes,
    take(piece) {
      blob.left -= piece.length
      if (piece.length >= LARGE_PIECE_BYTES || filled + piece.length > GATHERED_BYTES) return passWith(piece)
      if (gathered.length === 0) gathered = Buffer.allocUnsafeSlow(GATHERED_BYTES)
      if (filled === 0) sinceMs = performance.now()
      gathered.set(piece, filled)
      filled += piece.length
      return blob.left === 0 || performance.now() - sinceMs >= GATHERED_MS ? passGathered() : undefined
    },
    commit() {
      if (hasher.digest() !== hash) throw mismatch(hash)
      return writer.commit()
    },
    abort: () => writer.abort(),
  }
  return blob
}

function mismatch(hash: BlobHash): WindfallError {
  return new WindfallError("corrupt_data", `Cannot accept a blob: its bytes are not what ${hash.slice(0, 12)} names`, {
    details: { hash },
  })
}
