import * as fs from "node:fs"
import { type BlobHash, isBlobHash } from "../protocol/ids.ts"
import type { BlobFolder } from "./blob-folder.ts"
import { closure } from "./diff.ts"
import { Slices } from "./slices.ts"

/** What would come free of a blob folder if this tree went after those used before it. */
export interface TreePart {
  readonly root: BlobHash
  readonly bytes: number
  readonly usedMs: number
}

/**
 * Which trees of a blob folder were used when, one empty file each (its mtime is the last use), so that a cache can be
 * trimmed by last use also after a crash, and whole trees go before parts of trees do.
 */
export class RecentTrees {
  readonly #folder: string
  readonly #blobs: BlobFolder
  #last = 0

  /** @param folder a folder of its own, made when absent */
  constructor(folder: string, blobs: BlobFolder) {
    this.#folder = folder
    this.#blobs = blobs
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
  }

  /** Notes that the tree is used now; call it once the tree is whole. `nowMs` is wall clock. */
  use(root: BlobHash, nowMs: number): void {
    this.#last = Math.max(this.#last + 1, nowMs) // keeps the order of uses within a millisecond
    const file = `${this.#folder}/${root}`
    // A job, which has the same account, may have removed the folder.
    fs.mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    fs.closeSync(fs.openSync(file, "a", 0o600))
    fs.utimesSync(file, this.#last / 1000, this.#last / 1000)
  }

  /** Trees whose root is still here, latest used first. */
  list(): BlobHash[] {
    return this.#all()
      .filter(({ root }) => this.#blobs.has(root))
      .map(({ root }) => root)
  }

  /** The trees, latest used first, each with the bytes that none before it in the list has. */
  async parts(): Promise<TreePart[]> {
    const slices = new Slices(10)
    const seen = new Set<BlobHash>()
    const parts: TreePart[] = []
    for (const { root, usedMs } of this.#all()) {
      let bytes = 0
      for (const hash of this.#closureOf(root)) {
        if (!seen.has(hash)) bytes += this.#blobs.bytesOf(hash) ?? 0
        seen.add(hash)
      }
      parts.push({ root, bytes, usedMs })
      if (slices.spent) await slices.breathe()
    }
    return parts
  }

  /**
   * Brings the blob folder down to `maxBytes`: keeps all of `pinned` and, as far as they fit, the latest used trees; of the
   * rest the least recently used go first. Returns the bytes freed.
   */
  async trim(maxBytes: number, pinned: Iterable<BlobHash> = []): Promise<number> {
    if (this.#blobs.sizeBytes <= maxBytes) return 0
    const keep = new Set<BlobHash>()
    let bytes = 0
    const add = (root: BlobHash, must: boolean): void => {
      const added = this.#closureOf(root).filter((hash) => !keep.has(hash))
      const addedBytes = added.reduce((sum, hash) => sum + (this.#blobs.bytesOf(hash) ?? 0), 0)
      if (!must && bytes + addedBytes > maxBytes) return
      bytes += addedBytes
      for (const hash of added) keep.add(hash)
    }
    for (const root of pinned) add(root, true)
    const trees = this.#all()
    for (const { root } of trees) add(root, false)
    const freed = await this.#blobs.evict((hash) => keep.has(hash), maxBytes)
    for (const { root } of trees) {
      if (!this.#blobs.has(root) || !keep.has(root)) fs.rmSync(`${this.#folder}/${root}`, { force: true })
    }
    return freed
  }

  #closureOf(root: BlobHash): BlobHash[] {
    try {
      return [...closure(root, (hash) => this.#blobs.readSync(hash))]
    } catch {
      return this.#blobs.has(root) ? [root] : [] // a blob by itself, or a tree that is no longer whole: nothing more to keep for
    }
  }

  #all(): { readonly root: BlobHash; readonly usedMs: number }[] {
    if (!fs.existsSync(this.#folder)) return []
    return fs
      .readdirSync(this.#folder)
      .filter(isBlobHash)
      .map((root) => ({
        root,
        usedMs: fs.statSync(`${this.#folder}/${root}`, { throwIfNoEntry: false })?.mtimeMs ?? 0,
      }))
      .sort((a, b) => b.usedMs - a.usedMs)
  }
}
