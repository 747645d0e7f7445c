import { WindfallError } from "../../protocol/errors.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import { hashFile } from "../../workspace/hash-file.ts"
import { type Elsewhere, type Flaw, findFlaws, mendTree } from "../../workspace/read-only-tree.ts"
import { Slices } from "../../workspace/slices.ts"
import { chunkLength, decodeChunkList, decodeTree, type FileEntry } from "../../workspace/tree.ts"
import type { DataShelf } from "./data-shelf.ts"

const SLICE_MS = 10

/** Blobs with how large they are. */
export type Sizes = ReadonlyMap<BlobHash, number>

/** How a tree stands on this host. */
export interface TreeLook {
  /** What has to be made or mended; `undefined` as long as tree objects are missing. */
  readonly flaws: readonly Flaw[] | undefined
  /** Blobs that this needs and that are not here, with their sizes (0 for tree objects, of which none is known). */
  readonly missing: Sizes
}

/** Looks at a tree, laid out or not. */
export async function lookAtTree(shelf: DataShelf, root: BlobHash, signal: AbortSignal): Promise<TreeLook> {
  const slices = new Slices(SLICE_MS, signal)
  const objects = await missingObjects(shelf, root, slices)
  if (objects.size > 0) return { flaws: undefined, missing: objects }
  const flaws = await findFlaws(root, shelf.pathOf(root), shelf.blobs, slices)
  const missing = new Map<BlobHash, number>()
  if (flaws.length === 0) return { flaws, missing }
  const { files } = shelf.index()
  for (const { entry } of flaws) {
    if (entry?.kind !== "file" || entry.bytes === 0 || files.has(entry.hash)) continue
    if (await shelf.lookFor(entry, signal)) continue
    for (const [hash, bytes] of blobsOf(shelf, entry)) if (!shelf.blobs.has(hash)) missing.set(hash, bytes)
  }
  return { flaws, missing }
}

/** Tree objects and chunk lists that are not here, as far as can be told. */
async function missingObjects(shelf: DataShelf, root: BlobHash, slices: Slices): Promise<Map<BlobHash, number>> {
  const missing = new Map<BlobHash, number>()
  const seen = new Set<BlobHash>()
  const waiting = [root]
  for (let tree = waiting.pop(); tree !== undefined; tree = waiting.pop()) {
    if (seen.has(tree)) continue
    seen.add(tree)
    if (slices.spent) await slices.breathe()
    const bytes = shelf.blobs.readIfSound(tree)
    if (bytes === undefined) {
      missing.set(tree, 0)
      continue
    }
    for (const entry of decodeTree(bytes)) {
      if (entry.kind === "folder") waiting.push(entry.hash)
      if (entry.kind === "file" && entry.chunked && shelf.blobs.readIfSound(entry.hash) === undefined) {
        missing.set(entry.hash, 0)
      }
    }
  }
  return missing
}

function* blobsOf(shelf: DataShelf, entry: FileEntry): Generator<readonly [BlobHash, number]> {
  if (!entry.chunked) yield [entry.hash, entry.bytes]
  else {
    const chunks = decodeChunkList(shelf.blobs.readSync(entry.hash), entry.bytes)
    for (const [i, hash] of chunks.entries()) yield [hash, chunkLength(entry.bytes, i)]
  }
}

/**
 * Makes the tree whole, and drops the blobs whose bytes are then in its files. Files that other data here has, or that lie on this host for other programs, are
 * taken from there, once it is seen that they still are what they were. Returns false when something turned out gone meanwhile: look again.
 */
export async function layOut(
  shelf: DataShelf,
  root: BlobHash,
  flaws: readonly Flaw[],
  bytes: number,
  nowMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const slices = new Slices(SLICE_MS, signal)
  const { files } = shelf.index()
  const elsewhere = async (entry: FileEntry): Promise<Elsewhere | undefined> => {
    const own = files.get(entry.hash)
    const path = own ?? shelf.foundAt(entry.hash)
    if (path === undefined) return undefined
    const found = await hashFile(path, entry.name, path, slices).catch(() => undefined)
    if (found?.hash === entry.hash) return { path, isOurs: own !== undefined }
    shelf.disbelieve(entry.hash)
    return undefined
  }
  try {
    await shelf.blobs.flush()
    await mendTree(flaws, shelf.pathOf(root), shelf.blobs, elsewhere, slices)
  } catch (error) {
    if (error instanceof WindfallError && error.code === "blobs_missing") return false
    throw error
  }
  shelf.settle(root, bytes, nowMs)
  for (const { entry } of flaws) {
    if (entry?.kind !== "file") continue
    for (const [hash] of [...blobsOf(shelf, entry)]) shelf.blobs.drop(hash)
    if (slices.spent) await slices.breathe()
  }
  return true
}
