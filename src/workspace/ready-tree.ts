/**
 * Keeps one private copy of the latest workspace laid out while nothing waits, so that the next job need not: it is patched
 * with what changed and handed over by rename. On disk: `tree`, and `record` beside it, which is written after the
 * tree is whole and removed before anything in it changes; a tree without its record is rubbish. The record names the
 * boot it was written in: after a crash of the machine the order in which things reached the disk is not known.
 */
import * as fs from "node:fs"
import { orAborted } from "../base/or-aborted.ts"
import { WindfallError } from "../protocol/errors.ts"
import type { BlobHash } from "../protocol/ids.ts"
import type { BlobFolder } from "./blob-folder.ts"
import { errorCode } from "./disk-error.ts"
import type { FolderRecord } from "./folder-record.ts"
import { materializeTree } from "./materialize.ts"
import { applyPatch, isMostOf, type PatchPlan, planPatch } from "./patch-tree.ts"
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

interface Claim {
  readonly ready: FolderRecord
  /** `undefined`: it is as it should be. */
  readonly plan: PatchPlan | undefined
}

/** What is being got ready in the background. */
interface Preparation {
  readonly root: BlobHash
  readonly abort: AbortController
  readonly done: Promise<void>
  /** Somebody waits to take it over: others make their own meanwhile. */
  awaited: boolean
}

export class ReadyTree {
  readonly #folder: string
  readonly #blobs: BlobFolder
  readonly #bootId: string
  #ready: FolderRecord | undefined
  #preparing: Preparation | undefined
  /** A hand-over under way, which has the tree for itself. */
  #handing: Promise<void> | undefined
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
      this.#throwAway(`${folder}/${name}`)
    }
  }

  /** The tree that is ready now. */
  get root(): BlobHash | undefined {
    return this.#ready?.hash
  }

  /** Bytes in its files. */
  get bytes(): number {
    return this.#ready?.bytes ?? 0
  }

  /**
   * Makes the folder `into` (absent or empty) hold the tree `root`, the quickest way: by patching and renaming the ready tree, or
   * by laying it out anew.
   * @throws {WindfallError} as materializeTree(); `into` is then absent or half done
   */
  async takeOver(root: BlobHash, into: string, options: { signal?: AbortSignal } = {}): Promise<StatIndex> {
    const { signal } = options
    signal?.throwIfAborted()
    if (root === EMPTY_TREE) {
      fs.mkdirSync(into, { recursive: true, mode: 0o700 })
      return StatIndex.empty
    }
    await this.#awaitPreparing(root, signal ?? new AbortController().signal)
    const ready = this.#claim(root)
    if (ready !== undefined) {
      const work = this.#handOver(ready, into, signal)
      const done = work.then(ignore, ignore)
      this.#handing = done
      const index = await work.finally(() => {
        if (this.#handing === done) this.#handing = undefined
      })
      if (index !== undefined) return index
    }
    if (fs.existsSync(into)) fs.rmdirSync(into)
    return materializeTree(root, into, this.#blobs, { signal })
  }

  /**
   * Gets the tree `root` ready in the background. Ends early, without an error, when something else is prepared or taken over.
   * @throws {WindfallError} as materializeTree()
   */
  async prepare(root: BlobHash, options: { signal?: AbortSignal } = {}): Promise<void> {
    if (root === EMPTY_TREE) return
    while (this.#preparing !== undefined || this.#handing !== undefined) {
      await (this.#handing ?? this.#finishPreparing(root))
    }
    if (this.#ready?.hash === root || options.signal?.aborted) return
    const abort = new AbortController()
    const onAbort = (): void => abort.abort()
    options.signal?.addEventListener("abort", onAbort, { once: true })
    const work = this.#build(root, abort.signal)
    const preparing = { root, abort, done: work.then(ignore, ignore), awaited: false }
    this.#preparing = preparing
    try {
      await work
    } catch (error) {
      if (!abort.signal.aborted) throw error
    } finally {
      options.signal?.removeEventListener("abort", onAbort)
      if (this.#preparing === preparing) this.#preparing = undefined
    }
  }

  /** Stops what runs in the background and waits for it. What is ready stays on disk for the next process. */
  async close(): Promise<void> {
    await this.#idle()
    await this.#cleaning
  }

  /** Lets go of the ready tree, for its disk space. */
  async clear(): Promise<void> {
    await this.#idle()
    this.#discard()
    await this.#cleaning
  }

  async #idle(): Promise<void> {
    this.#preparing?.abort.abort()
    while (this.#preparing !== undefined || this.#handing !== undefined) {
      await (this.#handing ?? this.#preparing?.done)
      if (this.#preparing?.abort.signal.aborted) this.#preparing = undefined
    }
  }

  /** For a taker of `root`: waits for what is being prepared where it will be of use and nobody else's, and stops it otherwise. */
  async #awaitPreparing(root: BlobHash, signal: AbortSignal): Promise<void> {
    const preparing = this.#preparing
    if (preparing === undefined || preparing.awaited) return
    preparing.awaited = true
    try {
      await orAborted(this.#finishPreparing(root), signal)
    } finally {
      preparing.awaited = false
    }
  }

  /** Resolves when nothing is being prepared: soon, unless it is this tree or most of it. */
  async #finishPreparing(root: BlobHash): Promise<void> {
    const preparing = this.#preparing
    if (preparing === undefined) return
    if (!isMostOf(preparing.root, root, this.#blobs)) preparing.abort.abort()
    await preparing.done
    if (this.#preparing === preparing) this.#preparing = undefined
  }

  /**
   * Takes what is ready, for one taker only, and plans what makes it `root`; `undefined` when there is nothing, or when laying
   * out anew is quicker. Synchronous, so that nobody comes in between.
   */
  #claim(root: BlobHash): Claim | undefined {
    const ready = this.#ready
    if (ready === undefined) return undefined
    const plan = ready.hash === root ? undefined : planPatch(ready, root, this.#blobs)
    if (plan !== undefined && plan.kept < plan.changed) return undefined
    this.#ready = undefined
    fs.rmSync(this.#recordFile, { force: true })
    return { ready, plan }
  }

  async #handOver(claim: Claim, into: string, signal: AbortSignal | undefined): Promise<StatIndex | undefined> {
    const record = await this.#patch(claim, signal)
    if (record === undefined) return undefined
    try {
      fs.renameSync(this.#tree, into)
      return new StatIndex(record, Date.now())
    } catch (error) {
      this.#discard()
      if (errorCode(error) !== "EXDEV") throw error
      return undefined
    }
  }

  async #build(root: BlobHash, signal: AbortSignal): Promise<void> {
    const claim = this.#claim(root)
    const patched = claim && (await this.#patch(claim, signal))
    const record = patched ?? (await this.#layOut(root, signal))
    saveRecord(this.#recordFile, record, this.#bootId)
    this.#ready = record
  }

  async #layOut(root: BlobHash, signal: AbortSignal): Promise<FolderRecord> {
    this.#discard()
    const building = `${this.#folder}/building`
    fs.mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    try {
      const { record } = await materializeTree(root, building, this.#blobs, { signal })
      signal.throwIfAborted()
      fs.renameSync(building, this.#tree)
      return record
    } catch (error) {
      if (fs.existsSync(building)) this.#throwAway(building)
      throw error
    }
  }

  /** `undefined` when somebody has been in there, so that it cannot be patched. */
  async #patch({ ready, plan }: Claim, signal: AbortSignal | undefined): Promise<FolderRecord | undefined> {
    if (plan === undefined) return ready
    try {
      const rubbish = (): string => {
        const path = this.#newRubbish()
        this.#clean(path)
        return path
      }
      return await applyPatch(plan, this.#tree, rubbish, this.#blobs, new Slices(10, signal))
    } catch (error) {
      this.#discard()
      if (error instanceof WindfallError || signal?.aborted) throw error
      return undefined
    }
  }

  #discard(): void {
    fs.rmSync(this.#recordFile, { force: true })
    this.#ready = undefined
    if (fs.existsSync(this.#tree)) this.#throwAway(this.#tree)
  }

  #throwAway(path: string): void {
    const old = this.#newRubbish()
    fs.renameSync(path, old)
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

function ignore(): void {}
