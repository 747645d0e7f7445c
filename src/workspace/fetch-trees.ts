import { WindfallError } from "../protocol/errors.ts"
import type { BlobHash } from "../protocol/ids.ts"
import { type BlobSink, readPack } from "./pack.ts"
import { decodeTree, MAX_OBJECT_BYTES } from "./tree.ts"

/** Asks the other side for blobs; answers a pack of them, in this order. What it lacks it may leave out, or throw. */
export type FetchBlobs = (
  hashes: readonly BlobHash[],
  options: { readonly signal: AbortSignal | undefined },
) => AsyncIterable<Uint8Array>

/** No request names more. */
export const MOST_A_FETCH = 5000

/** Objects (trees, chunk lists) by hash, fetched as needed. */
export class FetchedObjects {
  readonly #fetch: FetchBlobs
  readonly #signal: AbortSignal | undefined
  readonly #objects = new Map<BlobHash, Uint8Array>()

  constructor(fetch: FetchBlobs, signal: AbortSignal | undefined) {
    this.#fetch = fetch
    this.#signal = signal
  }

  has(hash: BlobHash): boolean {
    return this.#objects.has(hash)
  }

  /** Adds one that need not be fetched. */
  add(hash: BlobHash, bytes: Uint8Array): void {
    this.#objects.set(hash, bytes)
  }

  /** @throws {WindfallError} blobs_missing for one that was not fetched */
  readonly read = (hash: BlobHash): Uint8Array => {
    const bytes = this.#objects.get(hash)
    if (bytes === undefined) {
      throw new WindfallError(
        "blobs_missing",
        `Cannot fetch ${hash.slice(0, 12)}: on the server it is damaged or gone`,
        {
          details: { missing: [hash] },
        },
      )
    }
    return bytes
  }

  /** As {@link read}, but `undefined` for one that was not to be had. */
  readonly tryRead = (hash: BlobHash): Uint8Array | undefined => this.#objects.get(hash)

  /** Fetches those that are not here yet. */
  async get(hashes: Iterable<BlobHash>): Promise<void> {
    const wanted = [...new Set(hashes)].filter((hash) => !this.#objects.has(hash))
    for (let at = 0; at < wanted.length; at += MOST_A_FETCH) {
      const some = wanted.slice(at, at + MOST_A_FETCH)
      const pack = this.#fetch(some, { signal: this.#signal })
      await readPack(pack, this.#sink(new Set(some)), { signal: this.#signal })
    }
  }

  /** Fetches all tree objects below `root`, a level at a time. What the other side lacks is passed over, but for `root`. */
  async getTree(root: BlobHash): Promise<void> {
    const seen = new Set<BlobHash>([root])
    for (let level = [root]; level.length > 0; ) {
      await this.get(level)
      const next: BlobHash[] = []
      for (const tree of level) {
        const bytes = tree === root ? this.read(tree) : this.tryRead(tree)
        for (const entry of bytes === undefined ? [] : decodeTree(bytes)) {
          if (entry.kind !== "folder" || seen.has(entry.hash)) continue
          seen.add(entry.hash)
          next.push(entry.hash)
        }
      }
      level = next
    }
  }

  #sink(wanted: ReadonlySet<BlobHash>): BlobSink {
    const keep = (hash: BlobHash, bytes: Uint8Array): void => {
      this.#objects.set(hash, Uint8Array.from(bytes))
    }
    const check = (hash: BlobHash, bytes: number): void => {
      if (!wanted.has(hash) || bytes > MAX_OBJECT_BYTES) throw unasked(hash)
    }
    return {
      write: (hash, bytes) => {
        check(hash, bytes.length)
        keep(hash, bytes)
      },
      begin: (hash, bytes) => {
        check(hash, bytes)
        const pieces: Uint8Array[] = []
        return {
          write: (piece) => {
            pieces.push(Uint8Array.from(piece))
          },
          commit: () => keep(hash, Buffer.concat(pieces)),
          abort: () => {},
        }
      },
    }
  }
}

/** The other side sent something it was not asked for, or with another length than it said before. */
export function unasked(hash: BlobHash): WindfallError {
  return new WindfallError("corrupt_data", `Cannot accept the blob ${hash.slice(0, 12)}: it was not asked for`)
}
