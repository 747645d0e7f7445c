import { WindfallError } from "../protocol/errors.ts"
import type { BlobHash } from "../protocol/ids.ts"

/** The error that asks for a blob to be sent again. */
export function blobMissing(hash: BlobHash): WindfallError {
  return new WindfallError("blobs_missing", `Cannot read the blob ${hash.slice(0, 12)}: it is not here`, {
    details: { missing: [hash] },
  })
}
