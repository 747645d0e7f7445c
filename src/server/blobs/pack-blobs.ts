import { WindfallError } from "../../protocol/errors.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import type { BlobFolder } from "../../workspace/blob-folder.ts"
import { dropIfDamaged, openSound, WHOLE_BYTES } from "../../workspace/damage.ts"
import type { BlobSink, PackBlob } from "../../workspace/pack.ts"
import { Slices } from "../../workspace/slices.ts"
import { unseenBlob } from "../../workspace/unseen-blob.ts"

const SLICE_MS = 10

/**
 * Blobs of a folder, ready for `encodePack`. Those not there make it throw blobs_missing when their turn comes, and so do
 * damaged ones, which are dropped.
 */
export function* packBlobs(blobs: BlobFolder, hashes: Iterable<BlobHash>, signal: AbortSignal): Generator<PackBlob> {
  for (const hash of hashes) {
    const bytes = blobs.bytesOf(hash)
    if (bytes === undefined) throw new WindfallError("blobs_missing", `Cannot send the blob ${hash}: it is not here`)
    const open = () => (bytes <= WHOLE_BYTES ? blobs.readSync(hash) : openSound(blobs, hash, { signal }))
    yield { hash, bytes, open }
  }
}

/**
 * As {@link packBlobs}, but large ones are not hashed here: for those who ask {@link dropDamagedOf} when the far end, which hashes them, has refused
 * one. A piece is good until the next one is asked for.
 */
export function* packUnseen(blobs: BlobFolder, hashes: Iterable<BlobHash>, signal: AbortSignal): Generator<PackBlob> {
  for (const blob of packBlobs(blobs, hashes, signal)) {
    const { hash, bytes } = blob
    yield bytes <= WHOLE_BYTES ? blob : unseenBlob(hash, { path: blobs.path(hash), start: 0, bytes })
  }
}

/** Reads those of these that are here, and drops the damaged ones. */
export async function dropDamagedOf(blobs: BlobFolder, hashes: Iterable<BlobHash>, signal: AbortSignal): Promise<void> {
  const slices = new Slices(SLICE_MS, signal)
  for (const hash of hashes) await dropIfDamaged(hash, blobs, slices, signal)
}

/**
 * As {@link packBlobs}, but leaves out what is not here or cannot be read: whoever asked sees what did not come. A large
 * damaged one breaks the pack off at its end, and is left out the next time.
 */
export function* packSoundBlobs(
  blobs: BlobFolder,
  hashes: ReadonlySet<BlobHash>,
  { signal, report }: { readonly signal: AbortSignal; readonly report: (error: unknown) => void },
): Generator<PackBlob> {
  for (const hash of hashes) {
    const bytes = blobs.bytesOf(hash)
    if (bytes === undefined) continue
    if (bytes > WHOLE_BYTES) {
      yield { hash, bytes, open: () => openLarge(blobs, hash, hashes, signal) }
      continue
    }
    let content: Uint8Array | undefined
    try {
      content = blobs.readSync(hash)
    } catch (error) {
      report(error)
      continue
    }
    const whole = content
    yield { hash, bytes, open: () => whole }
  }
}

/** When it turns out damaged, the others asked for are looked at before that is said, so that the pack breaks off but once. */
async function* openLarge(
  blobs: BlobFolder,
  hash: BlobHash,
  asked: ReadonlySet<BlobHash>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  try {
    yield* openSound(blobs, hash, { signal })
  } catch (error) {
    await dropDamagedOf(blobs, asked, signal)
    throw error
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
