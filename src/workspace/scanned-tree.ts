import type { BlobHash } from "../protocol/ids.ts"
import type { EntryRecord, FolderRecord } from "./folder-record.ts"
import type { SpecialKind } from "./folder-walk.ts"
import { joinPath } from "./safe-path.ts"
import type { BlobSource } from "./sources.ts"
import { CHUNK_BYTES, chunkLength, encodeChunkList, encodeTree } from "./tree.ts"

/** Something that does not travel, and why. An ignored folder is one line, whatever it holds. */
export interface LeftOut {
  /** Relative to the scanned folder. */
  readonly path: string
  readonly kind: "file" | "folder" | "link" | SpecialKind
  /** ignored: by an ignore file. never: made for this machine only. secret: travels only with --include. special: sockets and the like, names that are not UTF-8, what may not be read. */
  readonly why: "ignored" | "never" | "secret" | "special"
  readonly rule: string
  /** Where the rule stands: ".gitignore:3", or "built in". */
  readonly source: string
}

/** What a scan found. Maps are made of what is asked for: a second send needs hardly anything of all this. */
export class ScannedTree {
  /** The scanned folder, absolute. */
  readonly folder: string
  /** The hash of its tree object. */
  readonly root: BlobHash
  readonly record: FolderRecord
  readonly files: number
  readonly bytes: number
  readonly leftOut: readonly LeftOut[]
  /** The scan before this one, by the stat cache: very likely the server has all of it. */
  readonly previous: FolderRecord | undefined

  constructor(folder: string, record: FolderRecord, leftOut: readonly LeftOut[], previous?: FolderRecord) {
    this.folder = folder
    this.root = record.hash
    this.record = record
    this.files = record.files
    this.bytes = record.bytes
    this.leftOut = leftOut
    this.previous = previous
  }

  /** Every tree object and chunk list, by hash; folders stand before what is in them. Made at each call. */
  get trees(): Map<BlobHash, Uint8Array> {
    return this.treesOf()
  }

  /** Where the bytes of every file (or chunk of one) can be read, by hash. Made at each call. */
  get sources(): Map<BlobHash, BlobSource> {
    return this.sourcesOf()
  }

  /** As {@link trees}, but only of these hashes. */
  treesOf(only?: ReadonlySet<BlobHash>): Map<BlobHash, Uint8Array> {
    const trees = new Map<BlobHash, Uint8Array>()
    for (const { entry } of this.entries()) {
      if (entry.kind === "link" || trees.has(entry.hash) || only?.has(entry.hash) === false) continue
      if (entry.kind === "folder") trees.set(entry.hash, encodeTree(entry.entries))
      else if (entry.chunks !== null) trees.set(entry.hash, encodeChunkList(entry.chunks))
    }
    return trees
  }

  /** As {@link sources}, but only of these hashes. */
  sourcesOf(only?: ReadonlySet<BlobHash>): Map<BlobHash, BlobSource> {
    const sources = new Map<BlobHash, BlobSource>()
    for (const { path, entry } of this.entries()) {
      if (entry.kind !== "file") continue
      for (const [i, hash] of (entry.chunks ?? [entry.hash]).entries()) {
        if (only?.has(hash) === false) continue
        const bytes = entry.chunks === null ? entry.bytes : chunkLength(entry.bytes, i)
        sources.set(hash, { path: joinPath(this.folder, path), start: i * CHUNK_BYTES, bytes })
      }
    }
    return sources
  }

  /** All entries with their paths, the scanned folder itself first (with the path ""). */
  *entries(): Generator<{ readonly path: string; readonly entry: EntryRecord }> {
    const waiting: { path: string; entry: EntryRecord }[] = [{ path: "", entry: this.record }]
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      yield next
      if (next.entry.kind !== "folder") continue
      for (let i = next.entry.entries.length - 1; i >= 0; i--) {
        const entry = next.entry.entries[i]!
        waiting.push({ path: joinPath(next.path, entry.name), entry })
      }
    }
  }
}
