import * as fs from "node:fs"
import { WindfallError } from "../protocol/errors.ts"
import type { BlobHash } from "../protocol/ids.ts"
import { diskError } from "./disk-error.ts"
import { BlobHasher, hashBytes } from "./hash.ts"
import type { PackBlob } from "./pack.ts"

/** A range of a file that holds a blob's bytes, unless the file changes. */
export interface BlobSource {
  /** Absolute. */
  readonly path: string
  readonly start: number
  readonly bytes: number
}

const SMALL_BYTES = 1024 * 1024
const PIECE_BYTES = 256 * 1024
const FLAGS = fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK

/**
 * A blob read from its source as it is sent, with its hash verified on the way.
 * Reading throws {@link WindfallError} wrong_state when the file changed since it was hashed: scan again.
 */
export function sourceBlob(hash: BlobHash, source: BlobSource): PackBlob {
  const open = (): AsyncIterable<Uint8Array> | Uint8Array =>
    source.bytes <= SMALL_BYTES ? readWhole(hash, source) : readPieces(hash, source)
  return { hash, bytes: source.bytes, open }
}

/** A blob that is in memory. */
export function bytesBlob(hash: BlobHash, bytes: Uint8Array): PackBlob {
  return { hash, bytes: bytes.length, open: () => bytes }
}

function readWhole(hash: BlobHash, source: BlobSource): Uint8Array {
  const file = openSource(source)
  try {
    const bytes = Buffer.allocUnsafe(source.bytes)
    let length = 0
    while (length < source.bytes) {
      const read = fs.readSync(file, bytes, length, source.bytes - length, source.start + length)
      if (read === 0) break
      length += read
    }
    if (length < source.bytes || hashBytes(bytes) !== hash) throw changed(source)
    return bytes
  } finally {
    fs.closeSync(file)
  }
}

async function* readPieces(hash: BlobHash, source: BlobSource): AsyncGenerator<Uint8Array> {
  const hasher = new BlobHasher()
  const file = openSource(source)
  try {
    let length = 0
    while (length < source.bytes) {
      const want = Math.min(PIECE_BYTES, source.bytes - length)
      const piece = Buffer.allocUnsafe(want)
      const read = fs.readSync(file, piece, 0, want, source.start + length)
      if (read === 0) throw changed(source)
      length += read
      hasher.update(piece.subarray(0, read))
      // The last piece waits for the verdict, so that a wrong blob never arrives whole.
      if (length === source.bytes && hasher.digest() !== hash) throw changed(source)
      yield piece.subarray(0, read)
    }
  } finally {
    fs.closeSync(file)
  }
}

function openSource(source: BlobSource): number {
  try {
    return fs.openSync(source.path, FLAGS)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    throw code === "ENOENT" || code === "ELOOP" ? changed(source) : diskError(error, `read ${source.path}`)
  }
}

function changed(source: BlobSource): WindfallError {
  return new WindfallError("wrong_state", `Cannot send ${source.path}: it changed since it was looked at`, {
    hint: "send again",
  })
}
