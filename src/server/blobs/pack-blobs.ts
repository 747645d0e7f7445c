import { WindfallError } from "../../protocol/errors.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import type { BlobFolder } from "../../workspace/blob-folder.ts"
import type { BlobSink, PackBlob } from "../../workspace/pack.ts"

/** Larger ones are read piece by piece. */
const WHOLE_BYTES = 1024 * 1024

/** Blobs of a folder, ready for `encodePack`. Those not there make it throw blobs_missing when their turn comes. */
export function* packBlobs(blobs: BlobFolder, hashes: Iterable<BlobHash>, signal: AbortSignal): Generator<PackBlob> {
  for (const hash of hashes) {
    const bytes = blobs.bytesOf(hash)
    if (bytes === undefined) throw new WindfallError("blobs_missing", `Cannot send the blob ${hash}: it is not here`)
    const open = () => (bytes <= WHOLE_BYTES ? blobs.readSync(hash) : blobs.open(hash, { signal }))
    yield { hash, bytes, open }
  }
}

/** Lets only those blobs through that were asked for, so that the other side cannot fill our disk with something else. */
export function onlyAskedFor(sink: BlobSink, asked: ReadonlySet<BlobHash>): BlobSink {
  const check = (hash: BlobHash) => {
    if (!asked.has(hash)) throw new WindfallError("corrupt_data", `Cannot take the blob ${hash}: nobody asked for it`)
  }
  return {
    write: (hash, bytes) => {
      check(hash)
      return sink.write(hash, bytes)
    },
    begin: (hash, bytes) => {
      check(hash)
      return sink.begin(hash, bytes)
    },
  }
}
