import { join } from "node:path"
import type { AttemptOrder } from "../protocol/agent-wire.ts"
import type { BlobHash } from "../protocol/ids.ts"
import { BlobFolder } from "../workspace/blob-folder.ts"
import { WholeTrees } from "../workspace/diff.ts"
import { type LayOverOptions, layOver } from "../workspace/lay-over.ts"
import { readPack } from "../workspace/pack.ts"
import { ReadyTree } from "../workspace/ready-tree.ts"
import { RecentTrees, type TreePart } from "../workspace/recent-trees.ts"
import { StatIndex } from "../workspace/stat-index.ts"
import type { Holding } from "./disk/disk-budget.ts"

/** The copy that is laid out, among the names of trees. */
const READY = "ready"
/** Blobs of no tree that is known. */
const LOOSE = "loose"

/** The host's content-addressed cache: blobs, which trees of them are whole, and the one tree that is kept laid out. */
export class HostCache {
  readonly #blobs: BlobFolder
  readonly #whole: WholeTrees
  readonly #ready: ReadyTree
  readonly #recent: RecentTrees
  #latest: BlobHash | undefined
  #latestBytes = 0
  #removing: Promise<void> | undefined
  #idle: NodeJS.Timeout | undefined

  constructor(folder: string, bootId: string) {
    this.#blobs = new BlobFolder(join(folder, "blobs"))
    this.#whole = new WholeTrees(this.#blobs)
    this.#ready = new ReadyTree({ folder: join(folder, "ready"), blobs: this.#blobs, bootId })
    this.#recent = new RecentTrees(join(folder, "trees"), this.#blobs)
  }

  /** Trees wholly here, latest used first. */
  trees(): BlobHash[] {
    return this.#recent.list().slice(0, 100)
  }

  /** What all of it takes. */
  get bytes(): number {
    return this.#blobs.sizeBytes + this.#ready.bytes
  }

  /**
   * What can go apart from the rest.
   * @param pinned trees and blobs that attempts have; `undefined` while one is being prepared, which may need any
   */
  async holdings(pinned: ReadonlySet<BlobHash> | undefined): Promise<Holding[]> {
    const all = { kind: "workspaces", name: LOOSE, bytes: this.bytes, usedMs: 0, inUse: true } as const
    if (pinned === undefined) return [all]
    const parts = await this.#recent.parts()
    const holding = (name: string, bytes: number, usedMs: number): Holding => ({
      kind: "workspaces",
      name,
      bytes,
      usedMs,
      inUse: name === this.#latest || pinned.has(name as BlobHash),
    })
    const loose = this.#blobs.sizeBytes - parts.reduce((sum, { bytes }) => sum + bytes, 0)
    const { root, bytes } = this.#ready
    return [
      holding(LOOSE, Math.max(0, loose), 0),
      holding(READY, bytes, usedOf(parts, root)),
      ...parts.map((part) => holding(part.root, part.bytes, part.usedMs)),
    ]
  }

  /** Removes so much of what {@link holdings} has named, the least recently used first, and resolves when it is gone. */
  async remove(gone: readonly Holding[], pinned: ReadonlySet<BlobHash>): Promise<void> {
    this.#removing = this.#remove(gone, pinned).finally(() => {
      this.#removing = undefined
    })
    await this.#removing
  }

  /** Resolves once nothing is being removed: what is found here after that stays as long as somebody has it. */
  async settled(): Promise<void> {
    await this.#removing?.catch(() => {})
  }

  async #remove(gone: readonly Holding[], pinned: ReadonlySet<BlobHash>): Promise<void> {
    if (gone.some(({ name }) => name === READY)) await this.#ready.clear()
    const bytes = gone.reduce((sum, one) => sum + (one.name === READY ? 0 : one.bytes), 0)
    const kept = this.#latest === undefined ? [...pinned] : [this.#latest, ...pinned]
    if (bytes > 0) await this.#recent.trim(Math.max(0, this.#blobs.sizeBytes - bytes), kept)
  }

  /** What an order needs and is not here, as far as can be told now. */
  missing(order: AttemptOrder): BlobHash[] {
    const tree = order.workspace === null ? [] : this.#whole.missingFrom(order.workspace)
    const from = order.checkpoint?.from ?? null
    const checkpoint = from === null ? [] : this.#whole.missingFrom(from.tree)
    const stdin = order.stdin === null ? [] : this.#blobs.missing([order.stdin])
    return [...new Set([...tree, ...checkpoint, ...stdin])]
  }

  /** Makes `into` hold the tree, for a job to own. All of it must be here. */
  async layOut(root: BlobHash, into: string, now: number, signal: AbortSignal): Promise<StatIndex> {
    const index = await this.#ready.takeOver(root, into, { signal })
    this.#recent.use(root, now)
    this.#latest = root
    this.#latestBytes = index.record.bytes
    return index
  }

  /** Puts the files of a tree into a folder that is laid out. All of it must be here. Throws as {@link layOver}. */
  async layOver(root: BlobHash, onto: string, options: LayOverOptions): Promise<void> {
    await layOver(root, onto, this.#blobs, options)
  }

  /**
   * What a tree laid out before was, where its index is lost.
   * @throws {WindfallError} blobs_missing
   */
  indexOf(root: BlobHash): StatIndex {
    return StatIndex.ofTree(root, this.#blobs)
  }

  pathOf(hash: BlobHash): string {
    return this.#blobs.path(hash)
  }

  /** Stores a pack from the server; durable when it returns. */
  async store(pack: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<number> {
    const stored = await readPack(pack, this.#blobs, { signal })
    await this.#blobs.flush()
    return stored
  }

  /** Nothing waits now: get the latest tree ready again, where there is room for so much. */
  whenIdle(hasRoom: (bytes: number) => boolean, onProblem: (error: unknown) => void): void {
    clearTimeout(this.#idle)
    if (this.#latest === undefined) return
    this.#idle = setTimeout(() => {
      const getReady = async () => {
        if (this.#latest === undefined || !hasRoom(this.#latestBytes - this.#ready.bytes)) return
        await this.#ready.prepare(this.#latest)
      }
      getReady().catch(onProblem)
    }, 200).unref()
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle)
    await this.#ready.close()
  }
}

function usedOf(parts: readonly TreePart[], root: BlobHash | undefined): number {
  return parts.find((part) => part.root === root)?.usedMs ?? 0
}
