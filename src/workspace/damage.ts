/** Finds blobs whose bytes are no longer what their names say: a disk that lost some, a file cut short by a crash. */
import type { BlobHash } from "../protocol/ids.ts"
import type { BlobFolder } from "./blob-folder.ts"
import { BlobHasher } from "./hash.ts"
import { Slices } from "./slices.ts"
import { decodeChunkList, decodeTree } from "./tree.ts"

/** Larger blobs are read piece by piece. */
export const WHOLE_BYTES = 1024 * 1024
const SLICE_MS = 10

/**
 * A blob's bytes, piece by piece. The last piece waits for the verdict, so that a damaged blob never arrives whole.
 * @throws {WindfallError} blobs_missing when it is not here or damaged: it is dropped then
 */
export async function* openSound(
  blobs: BlobFolder,
  hash: BlobHash,
  options: { readonly signal?: AbortSignal } = {},
): AsyncGenerator<Uint8Array> {
  const hasher = new BlobHasher()
  let last: Uint8Array | undefined
  for await (const piece of blobs.open(hash, options)) {
    if (last !== undefined) yield last
    hasher.update(piece)
    last = piece
  }
  if (hasher.digest() !== hash) throw blobs.dropDamaged(hash)
  if (last !== undefined) yield last
}

/**
 * Reads all of a tree that is here and drops what is damaged, so that all of that can be asked for at once. Takes as long as
 * the disk takes, in slices. Returns whether all of it could be looked at: what lies below a folder that is not here itself
 * stays unknown.
 */
export async function dropDamaged(root: BlobHash, blobs: BlobFolder, signal: AbortSignal): Promise<boolean> {
  const slices = new Slices(SLICE_MS, signal)
  // Folders apart from files, as a file can have the very bytes of one.
  const folders = new Set<BlobHash>([root])
  const checked = new Set<BlobHash>()
  const waiting = [root]
  let seenAll = true
  const check = async (hash: BlobHash): Promise<void> => {
    if (checked.has(hash)) return
    checked.add(hash)
    await dropIfDamaged(hash, blobs, slices, signal)
  }
  for (let tree = waiting.pop(); tree !== undefined; tree = waiting.pop()) {
    const bytes = blobs.readIfSound(tree)
    if (bytes === undefined) seenAll = false
    if (slices.spent) await slices.breathe()
    for (const entry of bytes === undefined ? [] : decodeTree(bytes)) {
      if (entry.kind === "link") continue
      if (entry.kind === "folder") {
        if (folders.has(entry.hash)) continue
        folders.add(entry.hash)
        waiting.push(entry.hash)
      } else if (entry.chunked) {
        const list = blobs.readIfSound(entry.hash)
        if (list === undefined) seenAll = false
        else for (const chunk of decodeChunkList(list, entry.bytes)) await check(chunk)
      } else await check(entry.hash)
    }
  }
  return seenAll
}

/** Reads one blob, where it is here, and drops it when it is damaged. */
export async function dropIfDamaged(
  hash: BlobHash,
  blobs: BlobFolder,
  slices: Slices,
  signal: AbortSignal,
): Promise<void> {
  const bytes = blobs.bytesOf(hash)
  if (bytes === undefined) return
  if (bytes <= WHOLE_BYTES) blobs.readIfSound(hash)
  else {
    try {
      for await (const _ of openSound(blobs, hash, { signal })) if (slices.spent) await slices.breathe()
    } catch (error) {
      signal.throwIfAborted()
      if (blobs.has(hash)) throw error
    }
  }
  if (slices.spent) await slices.breathe()
}
