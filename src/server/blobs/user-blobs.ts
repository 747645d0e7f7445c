import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import type { BlobHash } from "../../protocol/ids.ts"
import { BlobFolder } from "../../workspace/blob-folder.ts"
import { blobBytesIn } from "../../workspace/blob-name.ts"
import { WholeTrees } from "../../workspace/diff.ts"
import type { Slices } from "../../workspace/slices.ts"
import { EMPTY_TREE, EMPTY_TREE_BYTES } from "../../workspace/tree.ts"
import { blameServerDisk } from "./server-disk.ts"
import { TreeChecks } from "./tree-checks.ts"

/** The blobs of one user. */
export interface UserFolder {
  readonly blobs: BlobFolder
  readonly whole: WholeTrees
  readonly checks: TreeChecks
}

/** What a user's blobs take. */
export interface UserSize {
  readonly user: string
  readonly bytes: number
  readonly damaged: number
}

/** @throws {WindfallError} disk_full */
function openFolder(path: string): BlobFolder {
  try {
    const blobs = new BlobFolder(path)
    // Everybody has the empty folder without sending it.
    blobs.write(EMPTY_TREE, EMPTY_TREE_BYTES)
    return blobs
  } catch (error) {
    throw blameServerDisk(error)
  }
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
      const blobs = openFolder(join(this.#root, user))
      folder = { blobs, whole: new WholeTrees(blobs), checks: new TreeChecks(blobs) }
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

  /**
   * What is missing of a user's tree, as {@link WholeTrees.missingFrom} says it. Where more is missing than somebody who sends
   * the tree for the first time would lack, the disk has lost something: then all of the tree is looked through first, so
   * that one answer names all there is to send again. With a large tree that takes a while.
   */
  async missingOfTree(user: string, root: BlobHash, signal: AbortSignal): Promise<BlobHash[]> {
    const { blobs, whole, checks } = this.of(user)
    const wasHere = blobs.has(root)
    const missing = whole.missingFrom(root)
    if (missing.length === 0 ? !checks.isSuspect(root) : !wasHere) return missing
    await checks.check(root, signal)
    return whole.missingFrom(root)
  }

  /** Bytes on disk for each user, and how many blobs were found damaged since the server started. */
  async sizes(slices: Slices): Promise<UserSize[]> {
    const sizes: UserSize[] = []
    for (const user of this.users()) {
      const unopened = this.#folders.has(user) ? 0 : await blobBytesIn(join(this.#root, user), slices)
      const blobs = this.#folders.get(user)?.blobs
      sizes.push({ user, bytes: blobs?.sizeBytes ?? unopened, damaged: blobs?.damaged ?? 0 })
    }
    return sizes
  }
}
