import type { BlobHash } from "../../protocol/ids.ts"
import type { BlobFolder } from "../../workspace/blob-folder.ts"
import { dropDamaged } from "../../workspace/damage.ts"

/** Looks through trees of one user in which something was found missing. A tree is looked through by one at a time. */
export class TreeChecks {
  readonly #blobs: BlobFolder
  readonly #running = new Map<BlobHash, Promise<void>>()
  /** Trees with a damaged folder: what lies below it can only be looked at once it has come again. */
  readonly #unseen = new Set<BlobHash>()

  constructor(blobs: BlobFolder) {
    this.#blobs = blobs
  }

  /** Whether the last look at this tree could not see all of it, so that more of it may be damaged. */
  isSuspect(root: BlobHash): boolean {
    return this.#unseen.has(root)
  }

  /** Reads all of a tree that is here and drops what is damaged. With a large tree that takes a while. */
  check(root: BlobHash, signal: AbortSignal): Promise<void> {
    const running = this.#running.get(root) ?? this.#look(root, signal).finally(() => this.#running.delete(root))
    this.#running.set(root, running)
    return running
  }

  async #look(root: BlobHash, signal: AbortSignal): Promise<void> {
    if (await dropDamaged(root, this.#blobs, signal)) this.#unseen.delete(root)
    else this.#unseen.add(root)
  }
}
