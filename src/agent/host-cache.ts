import { join } from "node:path"
import type { AttemptOrder } from "../protocol/agent-wire.ts"
import type { BlobHash } from "../protocol/ids.ts"
import { BlobFolder } from "../workspace/blob-folder.ts"
import { WholeTrees } from "../workspace/diff.ts"
import { readPack } from "../workspace/pack.ts"
import { ReadyTree } from "../workspace/ready-tree.ts"
import { RecentTrees } from "../workspace/recent-trees.ts"
import { StatIndex } from "../workspace/stat-index.ts"

/** Blobs kept beyond this go by last use. */
const MAX_CACHE_BYTES = 50 * 1024 ** 3

/** The host's content-addressed cache: blobs, which trees of them are whole, and the one tree that is kept laid out. */
export class HostCache {
  readonly #blobs: BlobFolder
  readonly #whole: WholeTrees
  readonly #ready: ReadyTree
  readonly #recent: RecentTrees
  #latest: BlobHash | undefined
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

  /** What an order needs and is not here, as far as can be told now. */
  missing(order: AttemptOrder): BlobHash[] {
    const tree = order.workspace === null ? [] : this.#whole.missingFrom(order.workspace)
    const stdin = order.stdin === null ? [] : this.#blobs.missing([order.stdin])
    return [...tree, ...stdin]
  }

  /** Makes `into` hold the tree, for a job to own. All of it must be here. */
  async layOut(root: BlobHash, into: string, now: number, signal: AbortSignal): Promise<StatIndex> {
    const index = await this.#ready.takeOver(root, into, { signal })
    this.#recent.use(root, now)
    this.#latest = root
    return index
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

  /** Nothing waits now: get the latest tree ready again, and keep the cache within bounds. */
  whenIdle(pinned: Iterable<BlobHash>, onProblem: (error: unknown) => void): void {
    clearTimeout(this.#idle)
    if (this.#latest === undefined) return
    const kept = [this.#latest, ...pinned]
    this.#idle = setTimeout(() => {
      const tidy = async () => {
        if (this.#latest !== undefined) await this.#ready.prepare(this.#latest)
        await this.#recent.trim(MAX_CACHE_BYTES, kept)
      }
      tidy().catch(onProblem)
    }, 200).unref()
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle)
    await this.#ready.close()
  }
}
