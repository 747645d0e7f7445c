import { closeSync, openSync, writeSync } from "node:fs"
import type { BlobHash } from "../../src/protocol/ids.ts"
import type { BlobFolder } from "../../src/workspace/blob-folder.ts"
import { hashBytes } from "../../src/workspace/hash.ts"
import { encodePack } from "../../src/workspace/pack.ts"
import { encodeTree } from "../../src/workspace/tree.ts"
import type { Script, SimulatedAttempt, SimulatedHost } from "./simulated-host.ts"

/** A tree in memory, by its root and all its blobs: files, the folder `out` with them, the top. */
export interface SmallTree {
  readonly root: BlobHash
  readonly blobs: ReadonlyMap<BlobHash, Uint8Array>
  /** Of each file by its name in `out`. */
  readonly files: Readonly<Record<string, BlobHash>>
}

/** A tree of one folder, `out`, with these files in it. */
export function treeOf(contents: Readonly<Record<string, string | Uint8Array>>): SmallTree {
  const blobs = new Map<BlobHash, Uint8Array>()
  const add = (bytes: Uint8Array) => {
    const hash = hashBytes(bytes)
    blobs.set(hash, bytes)
    return hash
  }
  const files: Record<string, BlobHash> = {}
  const entries = Object.entries(contents).map(([name, content]) => {
    const bytes = typeof content === "string" ? Buffer.from(content) : content
    files[name] = add(bytes)
    return { kind: "file", name, mode: 0o644, bytes: bytes.length, hash: files[name], chunked: false } as const
  })
  const hash = add(encodeTree(entries))
  const root = add(encodeTree([{ kind: "folder", name: "out", mode: 0o755, hash }]))
  return { root, blobs, files }
}

/** Some blobs of a tree as a pack; all of them when not said otherwise. */
export async function packed(tree: SmallTree, hashes: Iterable<BlobHash> = tree.blobs.keys()): Promise<Uint8Array> {
  const blobs = Array.from(hashes, (hash) => {
    const bytes = tree.blobs.get(hash)!
    return { hash, bytes: bytes.length, open: () => bytes }
  })
  return Buffer.concat(await Array.fromAsync(encodePack(blobs)))
}

/** Runs a job that makes the files of this tree, then exits with 0. */
export function makesOutputs(tree: SmallTree): Script {
  return (host: SimulatedHost, attempt: SimulatedAttempt) => {
    for (const [hash, bytes] of tree.blobs) host.blobs.write(hash, bytes)
    host.begin(attempt)
    const bytes = Object.values(tree.files).reduce((sum, hash) => sum + (tree.blobs.get(hash)?.length ?? 0), 0)
    attempt.outputs = { tree: tree.root, files: Object.keys(tree.files).length, bytes }
    host.finish(attempt, { exitCode: 0 })
  }
}

/** Changes a byte of a stored blob, as a bad disk does: its length stays. */
export function damageBlob(blobs: BlobFolder, hash: BlobHash): void {
  const file = openSync(blobs.path(hash), "r+")
  writeSync(file, Buffer.from([0xff]), 0, 1, 1)
  closeSync(file)
}
