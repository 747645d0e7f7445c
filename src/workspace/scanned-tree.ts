import * as fs from "node:fs"
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
  /** ignored: by an ignore file. never: made for this machine only. secret: travels only with --include. special: sockets and the like, names that are not UTF-8, what cannot be read. */
  readonly why: "ignored" | "never" | "secret" | "special"
  readonly rule: string
  /** Where the rule stands: ".gitignore:3", or "built in". */
  readonly source: string
}

/** Something scanned, with its path relative to the scanned folder. */
export interface ScannedEntry {
  readonly path: string
  readonly entry: EntryRecord
}

/** Blobs by hash: objects with their bytes, files with where these are. */
export interface ScannedBlobs {
  readonly trees: Map<BlobHash, Uint8Array>
  readonly sources: Map<BlobHash, BlobSource>
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
  readonly #followed: boolean

  /** @param followed whether links to plain files were recorded as these */
  constructor(
    folder: string,
    record: FolderRecord,
    leftOut: readonly LeftOut[],
    previous?: FolderRecord,
    followed = false,
  ) {
    this.folder = folder
    this.root = record.hash
    this.record = record
    this.files = record.files
    this.bytes = record.bytes
    this.leftOut = leftOut
    this.previous = previous
    this.#followed = followed
  }

  /** Every tree object and chunk list, by hash; folders stand before what is in them. Made at each call. */
  get trees(): Map<BlobHash, Uint8Array> {
    return this.#blobsAmong(this.entries()).trees
  }

  /** Where the bytes of every file (or chunk of one) can be read, by hash. Made at each call. */
  get sources(): Map<BlobHash, BlobSource> {
    return this.#blobsAmong(this.entries()).sources
  }

  /** {@link trees} and {@link sources} of these hashes only. Quick where they are all new since the last scan. */
  blobsOf(hashes: ReadonlySet<BlobHash>): ScannedBlobs {
    const fresh = this.#blobsAmong(this.entries(this.previous), hashes)
    const found = new Set([...fresh.trees.keys(), ...fresh.sources.keys()])
    return found.size === hashes.size ? fresh : this.#blobsAmong(this.entries(), hashes)
  }

  #blobsAmong(entries: Iterable<ScannedEntry>, only?: ReadonlySet<BlobHash>): ScannedBlobs {
    const trees = new Map<BlobHash, Uint8Array>()
    const sources = new Map<BlobHash, BlobSource>()
    const isWanted = (hash: BlobHash): boolean => only?.has(hash) !== false
    for (const { path, entry } of entries) {
      if (entry.kind === "link") continue
      if (isWanted(entry.hash) && !trees.has(entry.hash)) {
        if (entry.kind === "folder") trees.set(entry.hash, encodeTree(entry.entries))
        else if (entry.chunks !== null) trees.set(entry.hash, encodeChunkList(entry.chunks))
      }
      if (entry.kind === "folder") continue
      const file = joinPath(this.folder, path)
      const at = this.#followed ? realFile(file) : file
      for (const [i, hash] of (entry.chunks ?? [entry.hash]).entries()) {
        if (!isWanted(hash)) continue
        const bytes = entry.chunks === null ? entry.bytes : chunkLength(entry.bytes, i)
        sources.set(hash, { path: at, start: i * CHUNK_BYTES, bytes })
      }
    }
    return { trees, sources }
  }

  /**
   * All entries with their paths, the scanned folder itself first (with the path ""); with `since`, only those in folders that
   * are not the very ones of that scan.
   */
  *entries(since?: FolderRecord): Generator<ScannedEntry> {
    const waiting: { path: string; entry: EntryRecord; last: EntryRecord | undefined }[] = [
      { path: "", entry: this.record, last: since },
    ]
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { path, entry, last } = next
      if (last === entry) continue
      yield { path, entry }
      if (entry.kind !== "folder") continue
      const known = last?.kind === "folder" ? new Map(last.entries.map((one) => [one.name, one])) : undefined
      for (let i = entry.entries.length - 1; i >= 0; i--) {
        const below = entry.entries[i]!
        waiting.push({ path: joinPath(path, below.name), entry: below, last: known?.get(below.name) })
      }
    }
  }
}

/** Where a file lies that may have been reached by a link; itself where it is gone, which whoever reads it finds out. */
function realFile(path: string): string {
  try {
    return fs.realpathSync(path)
  } catch {
    return path
  }
}
