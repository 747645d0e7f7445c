import { WindfallError } from "../protocol/errors.ts"
import type { BlobHash } from "../protocol/ids.ts"
import type { PackBlob } from "../workspace/pack.ts"
import { bytesBlob, sourceBlob } from "../workspace/sources.ts"
import type { Attempt } from "./attempt.ts"

/**
 * The blobs of an attempt's outputs and of its checkpoint, to be read as they are sent.
 * @throws {WindfallError} file_not_found when the attempt has no such outputs; only what was collected can be asked for
 */
export function outputBlobs(attempt: Attempt | undefined, wanted: readonly BlobHash[]): PackBlob[] {
  const made = [attempt?.outputs, attempt?.checkpoint].flatMap((one) =>
    one === undefined || "problem" in one ? [] : [one],
  )
  if (made.length === 0) {
    throw new WindfallError("file_not_found", "Cannot give outputs: none are collected for this attempt")
  }
  return wanted.map((hash) => {
    for (const { trees, sources } of made) {
      const tree = trees.get(hash)
      if (tree !== undefined) return bytesBlob(hash, tree)
      const source = sources.get(hash)
      if (source !== undefined) return sourceBlob(hash, source)
    }
    throw new WindfallError("file_not_found", `Cannot give outputs: ${hash.slice(0, 12)} is not among them`)
  })
}
