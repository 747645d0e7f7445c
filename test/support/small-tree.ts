import type { BlobHash } from "../../src/protocol/ids.ts"
import { hashBytes } from "../../src/workspace/hash.ts"
import { encodePack } from "../../src/workspace/pack.ts"
import { encodeTree } from "../../src/workspace/tree.ts"

/** A tree with its blobs. */
export interface SmallTree {
  readonly root: BlobHash
  readonly blobs: ReadonlyMap<BlobHash, Uint8Array>
}

/** A tree of one folder with one file in it. */
export function treeOf(content: string): SmallTree {
  const file = Buffer.from(content)
  const hash = hashBytes(file)
  const inner = encodeTree([{ kind: "file", name: "made.txt", mode: 0o644, bytes: file.length, hash, chunked: false }])
  const root = encodeTree([{ kind: "folder", name: "out", mode: 0o755, hash: hashBytes(inner) }])
  const blobs = new Map<BlobHash, Uint8Array>([file, inner, root].map((bytes) => [hashBytes(bytes), bytes]))
  return { root: hashBytes(root), blobs }
}

/** As it is sent to POST /v1/blobs. */
export async function packed(tree: SmallTree): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  const blobs = [...tree.blobs].map(([hash, bytes]) => ({ hash, bytes: bytes.length, open: () => bytes }))
  for await (const part of encodePack(blobs)) parts.push(part)
  return Buffer.concat(parts)
}
