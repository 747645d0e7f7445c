import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import type { BlobHash } from "../../protocol/ids.ts"
import { BlobFolder } from "../../workspace/blob-folder.ts"
import { WholeTrees } from "../../workspace/diff.ts"
import { EMPTY_TREE, EMPTY_TREE_BYTES } from "../../workspace/tree.ts"

/** The blobs of one user. */
export interface UserFolder {
  readonly blobs: BlobFolder
  readonly whole: WholeTrees
}

/**
 * The blobs of each user in a folder of their own, so that nobody can refer to content that another brought: a hash
 * proves nothing, it may have been seen in passing.
 */
export class UserBlobs {
  readonly #root: string
  readonly #folders = new Map<string, UserFolder>()
  readonly #sweeping = new Map<string, Promise<unknown>>()

  constructor(root: string) {
    this.#root = root
  }

  /** Opened at first use, which reads the names of all blobs in it. */
  of(user: string): UserFolder {
    let folder = this.#folders.get(user)
    if (folder === undefined) {
      const blobs = new BlobFolder(join(this.#root, user))
      // Everybody has the empty folder without sending it.
      blobs.write(EMPTY_TREE, EMPTY_TREE_BYTES)
      folder = { blobs, whole: new WholeTrees(blobs) }
      this.#folders.set(user, folder)
    }
    return folder
  }

  /** Users who have blobs, on disk or in memory. */
  users(): string[] {
    return existsSync(this.#root) ? readdirSync(this.#root) : []
  }

  /** Which of these a user has not brought yet; not while the user's blobs are being swept. */
  async missing(user: string, hashes: readonly BlobHash[]): Promise<BlobHash[]> {
    await this.settled(user)
    return this.of(user).blobs.missing(hashes)
  }

  /** Resolves when no sweep of this user's blobs is under way. */
  async settled(user: string): Promise<void> {
    while (this.#sweeping.has(user)) await this.#sweeping.get(user)
  }

  /** Holds off questions about wholeness while blobs go away. */
  async sweep<T>(user: string, work: () => Promise<T>): Promise<T> {
    const done = work()
    const settled = done.then(
      () => {},
      () => {},
    )
    this.#sweeping.set(user, settled)
    try {
      return await done
    } finally {
      this.#sweeping.delete(user)
    }
  }

  /** Bytes on disk for each user whose folder is open. */
  sizes(): { user: string; bytes: number }[] {
    return [...this.#folders].map(([user, { blobs }]) => ({ user, bytes: blobs.sizeBytes }))
  }
}
