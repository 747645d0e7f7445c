/**
 * Keeps one private copy of the latest workspace laid out while nothing waits, so that the next job need not: it is patched
 * with what changed and handed over by rename. On disk: `tree`, and `record` beside it, which is written after the
 * tree is whole and removed before anything in it changes; a tree without its record is rubbish. The record names the
 * boot it was written in: after a crash of the machine the order in which things reached the disk is not known.
 */
import * as fs from "node:fs"
import { WindfallError } from "../protocol/errors.ts"
import type { BlobHash } from "../protocol/ids.ts"
import type { BlobFolder } from "./blob-folder.ts"
import { errorCode } from "./disk-error.ts"
import type { FolderRecord } from "./folder-record.ts"
import { materializeTree } from "./materialize.ts"
import { applyPatch, planPatch } from "./patch-tree.ts"
import { loadRecord, saveRecord } from "./record-codec.ts"
import { removeTree } from "./remove-tree.ts"
import { Slices } from "./slices.ts"
import { StatIndex } from "./stat-index.ts"
import { EMPTY_TREE } from "./tree.ts"

export interface ReadyTreeOptions {
  /** A folder of its own, on the same file system as the attempts. Made when absent. */
  readonly folder: string
  readonly blobs: BlobFolder
  /** Changes with every start of the machine. */
  readonly bootId: string
}

export class ReadyTree {
  readonly #folder: string
  readonly #blobs: BlobFolder
  readonly #bootId: string
  #ready: FolderRecord | undefined
  #preparing: { readonly root: BlobHash; readonly abort: AbortController; readonly done: Promise<void> } | undefined
  #rubbish = 0
  #cleaning: Promise<void> = Promise.resolve()

  /** Adopts the tree an earlier process of this boot left ready, and begins to remove whatever else it left. */
  constructor({ folder, blobs, bootId }: ReadyTreeOptions) {
    this.#folder = folder
    this.#blobs = blobs
    this.#bootId = bootId
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
    const loaded = loadRecord(this.#recordFile)
    if (loaded?.note === bootId && fs.existsSync(this.#tree)) this.#ready = loaded.record
    else fs.rmSync(this.#recordFile, { force: true })
    for (const name of fs.readdirSync(folder)) {
      if (name === "record" || (name === "tree" && this.#ready !== undefined)) continue
      const old = this.#newRubbish()
      fs.renameSync(`${folder}/${name}`, old)
      this.#clean(old)
    }
  }

  /** The tree that is ready now. */
  get root(): BlobHash | undefined {
    return this.#ready?.hash
  }

  /**
   * Makes the folder `into` (absent or empty) hold the tree `root`, the quickest way: by patching and renaming the ready tree, or
   * by laying it out anew.
   * @throws {WindfallError} as materializeTree(); `into` is then absent or half done
   */
  async takeOver(root: BlobHash, into: string, options: { signal?: AbortSignal } = {}): Promise<StatIndex> {
    options.signal?.throwIfAborted()
    if (root === EMPTY_TREE) {
      fs.mkdirSync(into, { recursive: true, mode: 0o700 })
      return StatIndex.empty
    }
    await this.#settle(root)
    const patched = await this.#patch(root, options.signal)
    if (patched !== undefined) {
      try {
        fs.rmSync(this.#recordFile, { force: true })
        this.#ready = undefined
        fs.renameSync(this.#tree, into)
        return new StatIndex(patched, Date.now())
      } catch (error) {
        this.#discard()
        if (errorCode(error) !== "EXDEV") throw error
      }
    }
    if (fs.existsSync(into)) fs.rmdirSync(into)
    return materializeTree(root, into, this.#blobs, { signal: options.signal })
  }

  /**
   * Gets the tree `root` ready in the background. Ends early, without an error, when something else is prepared or taken over.
   * @throws {WindfallError} as materializeTree()
   */
  async prepare(root: BlobHash, options: { signal?: AbortSignal } = {}): Promise<void> {
    if (root === EMPTY_TREE) return
    await this.#settle(root)
    if (this.#ready?.hash === root || options.signal?.aborted) return
    const abort = new AbortController()
    const onAbort = (): void => abort.abort()
    options.signal?.addEventListener("abort", onAbort, { once: true })
    const work = this.#build(root, abort.signal)
    const done = work.then(
      () => {},
      () => {},
    )
    this.#preparing = { root, abort, done }
    try {
      await work
    } catch (error) {
      if (!abort.signal.aborted) throw error
    } finally {
      options.signal?.removeEventListener("abort", onAbort)
      if (this.#preparing?.abort === abort) this.#preparing = undefined
    }
  }

  /** Stops what runs in the background and waits for it. What is ready stays on disk for the next process. */
  async close(): Promise<void> {
    this.#preparing?.abort.abort()
    await this.#preparing?.done
    await this.#cleaning
  }

  /** Lets go of the ready tree, for its disk space. */
  async clear(): Promise<void> {
    this.#preparing?.abort.abort()
    await this.#preparing?.done
    this.#discard()
    await this.#cleaning
  }

  /** Waits for a preparation of this very tree; stops any other. */
  async #settle(root: BlobHash): Promise<void> {
    while (this.#preparing !== undefined) {
      const { abort, done, root: other } = this.#preparing
      if (other !== root) abort.abort()
      await done
      if (this.#preparing?.abort === abort) this.#preparing = undefined
    }
  }

  async #build(root: BlobHash, signal: AbortSignal): Promise<void> {
    let record = await this.#patch(root, signal)
    if (record === undefined) {
      this.#discard()
      const building = `${this.#folder}/building`
      try {
        record = (await materializeTree(root, building, this.#blobs, { signal })).record
        signal.throwIfAborted()
        fs.renameSync(building, this.#tree)
      } catch (error) {
        const old = this.#newRubbish()
        if (fs.existsSync(building)) {
          fs.renameSync(building, old)
          this.#clean(old)
        }
        throw error
      }
    }
    saveRecord(this.#recordFile, record, this.#bootId)
    this.#ready = record
  }

  /** Patches the ready tree to be `root`, without its record; `undefined` when laying it out anew is quicker. */
  async #patch(root: BlobHash, signal: AbortSignal | undefined): Promise<FolderRecord | undefined> {
    const ready = this.#ready
    if (ready === undefined) return undefined
    if (ready.hash === root) return ready
    const plan = planPatch(ready, root, this.#blobs)
    if (plan.kept < plan.changed) return undefined
    fs.rmSync(this.#recordFile, { force: true })
    this.#ready = undefined
    try {
      const rubbish = (): string => {
        const old = this.#newRubbish()
        this.#clean(old)
        return old
      }
      return await applyPatch(plan, this.#tree, rubbish, this.#blobs, new Slices(10, signal))
    } catch (error) {
      this.#discard()
      if (error instanceof WindfallError || signal?.aborted) throw error
      return undefined // somebody has been in there: lay it out anew
    }
  }

  #discard(): void {
    fs.rmSync(this.#recordFile, { force: true })
    this.#ready = undefined
    if (!fs.existsSync(this.#tree)) return
    const old = this.#newRubbish()
    fs.renameSync(this.#tree, old)
    this.#clean(old)
  }

  #newRubbish(): string {
    let path: string
    do path = `${this.#folder}/old-${++this.#rubbish}`
    while (fs.existsSync(path))
    return path
  }

  #clean(path: string): void {
    this.#cleaning = this.#cleaning.then(() => removeTree(path)).catch(() => {}) // the next process tries again
  }

  get #tree(): string {
    return `${this.#folder}/tree`
  }

  get #recordFile(): string {
    return `${this.#folder}/record`
  }
}
