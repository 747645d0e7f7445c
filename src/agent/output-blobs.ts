import { WindfallError } from "../protocol/errors.ts"
import type { BlobHash } from "../protocol/ids.ts"
import type { PackBlob } from "../workspace/pack.ts"
import { bytesBlob, sourceBlob } from "../workspace/sources.ts"
import type { Attempt } from "./attempt.ts"

/**
 * The blobs of an attempt's outputs, to be read as they are sent.
 * @throws {WindfallError} file_not_found when the attempt has no such outputs; only what was collected can be asked for
 */
export function outputBlobs(attempt: Attempt | undefined, wanted: readonly BlobHash[]): PackBlob[] {
  const outputs = attempt?.outputs
  if (outputs === undefined || "problem" in outputs) {
    throw new WindfallError("file_not_found", "Cannot give outputs: none are collected for this attempt")
  }
  const { trees, sources } = outputs
  return wanted.map((hash) => {
    const tree = trees.get(hash)
    if (tree !== undefined) return bytesBlob(hash, tree)
    const source = sources.get(hash)
    if (source !== undefined) return sourceBlob(hash, source)
    throw new WindfallError("file_not_found", `Cannot give outputs: ${hash.slice(0, 12)} is not among them`)
  })
}
