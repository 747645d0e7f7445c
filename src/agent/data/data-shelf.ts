import {
  chmodSync,
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs"
import { join } from "node:path"
import { WindfallError } from "../../protocol/errors.ts"
import { type BlobHash, isBlobHash } from "../../protocol/ids.ts"
import { BlobFolder } from "../../workspace/blob-folder.ts"
import { GrowingBlobs } from "../../workspace/growing-blobs.ts"
import { readPack } from "../../workspace/pack.ts"
import { removeTree } from "../../workspace/remove-tree.ts"
import type { FileEntry } from "../../workspace/tree.ts"
import { writeDurably } from "../durable-file.ts"
import { readIfThere } from "../own-file.ts"
import { indexLaidOut, type LaidOutIndex } from "./laid-out-index.ts"

export interface DataShelfOptions {
  /** A folder of its own. Made when absent. */
  readonly folder: string
  /** Changes with every start of the machine. */
  readonly bootId: string
  /** What is wholly laid out has changed. */
  readonly onChange: (roots: readonly BlobHash[]) => void
  /** Where files of that name and length may lie on this host for other programs. @default nowhere */
  readonly find?: (name: string, bytes: number, signal: AbortSignal) => Promise<readonly string[]>
}

export interface ShelvedTree {
  readonly root: BlobHash
  readonly bytes: number
  readonly usedMs: number
  readonly busy: boolean
}

/**
 * The data on this host. On disk: `trees/ROOT` is laid out whole exactly where `whole/ROOT` is (its text is the size, its time
 * the last use), which is written after the tree is on the disk and removed before anything in it changes; `blobs` has tree
 * objects, and files on their way into a tree. What a killed agent left half laid out is removed; blobs stay, so that the
 * rest is all that has to come again. After a restart of the machine what had not been synced may be anything, so blobs go.
 */
export class DataShelf {
  readonly blobs: BlobFolder
  /** Those that are just coming. */
  readonly growing: GrowingBlobs
  readonly #options: DataShelfOptions
  readonly #whole = new Map<BlobHash, { readonly bytes: number; usedMs: number }>()
  /** Trees that somebody is at work on, each until its promise settles. */
  readonly #busy = new Map<BlobHash, Promise<void>>()
  /** Blobs that somebody waits for to come together. */
  readonly #wanted = new Set<ReadonlyMap<BlobHash, unknown>>()
  /** Of files that lie on this host for other programs, as far as their names and lengths tell. */
  readonly #found = new Map<BlobHash, string>()
  /** What was found, and was something else. */
  readonly #disbelieved = new Set<string>()
  #index: LaidOutIndex | undefined
  #rubbish = 0
  #cleaning: Promise<void> = Promise.resolve()

  constructor(options: DataShelfOptions) {
    this.#options = options
    const { folder, bootId } = options
    for (const path of [folder, join(folder, "trees"), join(folder, "whole")]) {
      mkdirSync(path, { recursive: true, mode: 0o700 })
    }
    const boot = join(folder, "boot")
    if (readIfThere(boot) !== bootId) {
      rmSync(join(folder, "blobs"), { recursive: true, force: true })
      writeDurably(boot, bootId)
    }
    this.blobs = new BlobFolder(join(folder, "blobs"))
    this.growing = new GrowingBlobs(this.blobs)
    const names = new Set(readdirSync(join(folder, "trees")))
    for (const root of readdirSync(join(folder, "whole")).filter(isBlobHash)) {
      const note = this.#note(root)
      const bytes = Number(readIfThere(note) ?? "")
      if (names.delete(root) && Number.isSafeInteger(bytes))
        this.#whole.set(root, { bytes, usedMs: statSync(note).mtimeMs })
      else rmSync(note, { force: true })
    }
    for (const name of names) this.#throwAway(join(folder, "trees", name))
  }

  /**
   * Opens the shelf, opening what a job has closed of it. Where it cannot be used whatever is done, `discard` takes the folder
   * away and an empty one is begun: all in it can be had again.
   */
  static open(options: DataShelfOptions, discard: (path: string) => void): DataShelf {
    const { folder } = options
    try {
      for (const path of [folder, join(folder, "trees"), join(folder, "whole"), join(folder, "blobs")]) {
        if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true) chmodSync(path, 0o700)
      }
      return new DataShelf(options)
    } catch {
      discard(folder)
      return new DataShelf(options)
    }
  }

  /** What is wholly laid out, latest used first. */
  roots(): BlobHash[] {
    return [...this.#whole].sort(([, a], [, b]) => b.usedMs - a.usedMs).map(([root]) => root)
  }

  has(root: BlobHash): boolean {
    return this.#whole.has(root)
  }

  pathOf(root: BlobHash): string {
    return join(this.#options.folder, "trees", root)
  }

  /** Waits until nobody is at work on the tree and takes it for the caller. Dispose of what it returns to let go. */
  async take(root: BlobHash, signal: AbortSignal): Promise<Disposable> {
    for (let busy = this.#busy.get(root); busy !== undefined; busy = this.#busy.get(root)) {
      const stopped = Promise.withResolvers<void>()
      const stop = () => stopped.resolve()
      signal.addEventListener("abort", stop, { once: true })
      await Promise.race([busy, stopped.promise])
      signal.removeEventListener("abort", stop)
      signal.throwIfAborted()
    }
    // A job may have removed them.
    for (const name of ["trees", "whole"]) mkdirSync(join(this.#options.folder, name), { recursive: true, mode: 0o700 })
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#busy.set(root, promise)
    return {
      [Symbol.dispose]: () => {
        this.#busy.delete(root)
        resolve()
      },
    }
  }

  /** From now on it is not whole, until {@link settle}. */
  unsettle(root: BlobHash): void {
    rmSync(this.#note(root), { force: true })
    if (this.#whole.delete(root)) this.#changed()
  }

  /** It is whole, on the disk and of this size. */
  settle(root: BlobHash, bytes: number, nowMs: number): void {
    writeDurably(this.#note(root), String(bytes))
    this.#whole.set(root, { bytes, usedMs: nowMs })
    this.use(root, nowMs)
    this.#changed()
  }

  use(root: BlobHash, nowMs: number): void {
    const known = this.#whole.get(root)
    if (known === undefined) return
    known.usedMs = nowMs
    closeSync(openSync(this.#note(root), "a", 0o600))
    utimesSync(this.#note(root), nowMs / 1000, nowMs / 1000)
  }

  /**
   * Stores a pack; durable when it returns. @param asked what it may have, where it comes from somebody who could say anything
   * @throws {WindfallError} corrupt_data, disk_full
   */
  async store(
    pack: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
    { asked, onBlob }: { asked?: ReadonlySet<BlobHash>; onBlob?: (hash: BlobHash) => void } = {},
  ): Promise<number> {
    const onPiece = (hash: BlobHash): void => {
      if (asked?.has(hash) === false) throw new WindfallError("corrupt_data", "Cannot take a blob: nobody asked for it")
    }
    try {
      return await readPack(pack, this.growing, { signal, onPiece, onBlob })
    } finally {
      await this.blobs.flush()
    }
  }

  /** How many bytes of these are still to come, to the piece. */
  missingBytes(wanted: ReadonlyMap<BlobHash, number>): number {
    let missing = 0
    for (const [hash, bytes] of wanted) {
      if (!this.blobs.has(hash)) missing += Math.max(0, bytes - (this.growing.get(hash)?.written ?? 0))
    }
    return missing
  }

  /** What is laid out here and where, for one tree or for all. */
  index(root?: BlobHash): LaidOutIndex {
    if (root !== undefined) return indexLaidOut([[root, this.pathOf(root)]], this.blobs)
    this.#index ??= indexLaidOut(
      this.roots().map((each) => [each, this.pathOf(each)] as const),
      this.blobs,
    )
    return this.#index
  }

  /** The file that was said to be this one is something else by now. */
  disbelieve(file: BlobHash): void {
    this.#index?.files.delete(file)
    const found = this.#found.get(file)
    this.#found.delete(file)
    if (found !== undefined) this.#disbelieved.add(`${file} ${found}`)
  }

  /** Looks whether a file may lie on this host for other programs. */
  async lookFor({ hash, name, bytes }: FileEntry, signal: AbortSignal): Promise<boolean> {
    const paths = (await this.#options.find?.(name, bytes, signal)) ?? []
    const path = paths.find((one) => !this.#disbelieved.has(`${hash} ${one}`))
    if (path === undefined) this.#found.delete(hash)
    else this.#found.set(hash, path)
    return path !== undefined
  }

  /** Where it may lie; to be verified. */
  foundAt(file: BlobHash): string | undefined {
    return this.#found.get(file)
  }

  /** What all of it takes. */
  get bytes(): number {
    return this.#whole.values().reduce((sum, { bytes }) => sum + bytes, this.blobs.sizeBytes)
  }

  /** What is wholly laid out, in no order. `busy`: somebody is at work on it. */
  trees(): ShelvedTree[] {
    return [...this.#whole].map(([root, { bytes, usedMs }]) => ({ root, bytes, usedMs, busy: this.#busy.has(root) }))
  }

  /** Whether somebody is at work on the tree. */
  isBusy(root: BlobHash): boolean {
    return this.#busy.has(root)
  }

  /** Whether somebody waits for the blob. */
  isWanted(blob: BlobHash): boolean {
    return this.#wanted.values().some((blobs) => blobs.has(blob))
  }

  /** Keeps these blobs from going as they come. Dispose of what it returns to let go. */
  want(blobs: ReadonlyMap<BlobHash, unknown>): Disposable {
    this.#wanted.add(blobs)
    return { [Symbol.dispose]: () => this.#wanted.delete(blobs) }
  }

  /** What blobs take that nobody waits for. */
  unwantedBytes(): number {
    const wanted = new Set([...this.#wanted].flatMap((blobs) => [...blobs.keys()]))
    return [...wanted].reduce((bytes, hash) => bytes - (this.blobs.bytesOf(hash) ?? 0), this.blobs.sizeBytes)
  }

  /** Removes so many bytes of blobs that nobody waits for, as far as there are, the least recently used first. */
  async dropUnwanted(bytes: number): Promise<void> {
    await this.blobs.evict((hash) => this.isWanted(hash), Math.max(0, this.blobs.sizeBytes - bytes))
  }

  /** Removes these, but for what is in use. */
  letGo(roots: readonly BlobHash[], inUse: ReadonlySet<BlobHash>): void {
    for (const root of roots) if (!inUse.has(root)) this.#remove(root)
  }

  /** Removes trees that are not whole and that nobody is at work on: what was broken off in mid work has left them. */
  removeHalfLaidOut(): void {
    const trees = readdirSync(join(this.#options.folder, "trees")).filter(isBlobHash)
    for (const root of trees) if (!this.#whole.has(root) && !this.#busy.has(root)) this.#throwAway(this.pathOf(root))
  }

  /** Resolves when what was removed has gone from the disk. */
  async close(): Promise<void> {
    await this.#cleaning
  }

  #remove(root: BlobHash): void {
    if (!this.#whole.has(root) || this.#busy.has(root)) return
    this.unsettle(root)
    this.#throwAway(this.pathOf(root))
  }

  #changed(): void {
    this.#index = undefined
    this.#options.onChange(this.roots())
  }

  #throwAway(path: string): void {
    let old: string
    do old = join(this.#options.folder, "trees", `old-${++this.#rubbish}`)
    while (statSync(old, { throwIfNoEntry: false }) !== undefined)
    renameSync(path, old)
    this.#cleaning = this.#cleaning.then(() => removeTree(old)).catch(() => {}) // the next agent tries again
  }

  #note(root: BlobHash): string {
    return join(this.#options.folder, "whole", root)
  }
}
