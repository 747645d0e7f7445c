import * as fs from "node:fs"
import type { BlobHash } from "../protocol/ids.ts"
import { blobMissing } from "./blob-missing.ts"
import { diskError, errorCode } from "./disk-error.ts"
import type { PackBlob } from "./pack.ts"
import { PLAIN_FILE } from "./read-plain-file.ts"
import { type BlobSource, sourceBlob } from "./sources.ts"

/** Smaller ones are read in one go, and hashed. */
const SMALL_BYTES = 1024 * 1024
const PIECE_BYTES = 512 * 1024

/**
 * A blob for somebody who hashes what comes, and takes nothing that is something else: a large one is not hashed here too, as that costs more than all
 * the rest of its way. A piece is good until the next one is asked for: with a new buffer for each, collecting them costs more than sending them.
 * Reading throws {@link WindfallError} blobs_missing where the file is gone or too short, and wrong_state for a small one that has changed.
 */
export function unseenBlob(hash: BlobHash, source: BlobSource): PackBlob {
  if (source.bytes <= SMALL_BYTES) return sourceBlob(hash, source)
  return { hash, bytes: source.bytes, open: () => readPieces(hash, source) }
}

async function* readPieces(hash: BlobHash, { path, start, bytes }: BlobSource): AsyncGenerator<Uint8Array> {
  await using file = await fs.promises.open(path, PLAIN_FILE).catch((error: unknown) => {
    const isGone = errorCode(error) === "ENOENT" || errorCode(error) === "ELOOP"
    throw isGone ? blobMissing(hash) : diskError(error, `read ${path}`)
  })
  if (!(await file.stat()).isFile()) throw blobMissing(hash)
  const piece = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, bytes))
  for (let at = 0; at < bytes; ) {
    const { bytesRead } = await file.read(piece, 0, Math.min(piece.length, bytes - at), start + at)
    if (bytesRead === 0) throw blobMissing(hash)
    at += bytesRead
    yield piece.subarray(0, bytesRead)
  }
}
