import type { BlobHash } from "../../protocol/ids.ts"
import type { BlobFolder } from "../../workspace/blob-folder.ts"
import { listTree } from "../../workspace/diff.ts"
import type { BlobSource } from "../../workspace/sources.ts"
import { CHUNK_BYTES, chunkLength, decodeChunkList } from "../../workspace/tree.ts"

/** Where the bytes of laid out data lie. */
export interface LaidOutIndex {
  /** Of each file that is one blob, and of each chunk. */
  readonly blobs: ReadonlyMap<BlobHash, BlobSource>
  /** Whole files, by the hash that their entries carry. */
  readonly files: Map<BlobHash, string>
}

/** Lists trees that are laid out, each in its folder. Of one whose objects are not all here, what can be read. */
export function indexLaidOut(trees: Iterable<readonly [BlobHash, string]>, objects: BlobFolder): LaidOutIndex {
  const blobs = new Map<BlobHash, BlobSource>()
  const files = new Map<BlobHash, string>()
  const read = (hash: BlobHash) => objects.readIfSound(hash)
  for (const [root, folder] of trees) {
    for (const { path: below, entry } of listTree(root, read)) {
      if (entry.kind !== "file") continue
      const path = `${folder}/${below}`
      files.set(entry.hash, path)
      if (!entry.chunked) {
        blobs.set(entry.hash, { path, start: 0, bytes: entry.bytes })
        continue
      }
      const list = read(entry.hash)
      const chunks = list === undefined ? [] : decodeChunkList(list, entry.bytes)
      for (const [i, chunk] of chunks.entries()) {
        blobs.set(chunk, { path, start: i * CHUNK_BYTES, bytes: chunkLength(entry.bytes, i) })
      }
    }
  }
  return { blobs, files }
}
