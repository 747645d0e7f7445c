import type { BlobHash } from "../protocol/ids.ts"
import type { BlobFolder } from "./blob-folder.ts"
import { GrowingBlob } from "./growing-blob.ts"
import type { BlobSink, BlobWriter } from "./pack.ts"

/** Where blobs come into a folder of which others have some while they come. */
export class GrowingBlobs implements BlobSink {
  readonly #folder: BlobFolder
  readonly #growing = new Map<BlobHash, GrowingBlob>()
  #news: PromiseWithResolvers<void> | undefined

  constructor(folder: BlobFolder) {
    this.#folder = folder
  }

  /** A large blob that is just coming. */
  get(hash: BlobHash): GrowingBlob | undefined {
    return this.#growing.get(hash)
  }

  /** Resolves when the next blob has come, or begins to. */
  untilNews(): Promise<void> {
    this.#news ??= Promise.withResolvers()
    return this.#news.promise
  }

  write(hash: BlobHash, bytes: Uint8Array): void {
    this.#folder.write(hash, bytes)
    this.#tellNews()
  }

  async begin(hash: BlobHash, bytes: number): Promise<BlobWriter> {
    const writer = await this.#folder.begin(hash, bytes)
    const growing = new GrowingBlob(writer.path, bytes)
    if (!this.#growing.has(hash)) this.#growing.set(hash, growing)
    this.#tellNews()
    let written = 0
    const end = (how: "kept" | "dropped"): void => {
      growing.ended(how)
      if (this.#growing.get(hash) === growing) this.#growing.delete(hash)
      this.#tellNews()
    }
    return {
      write: async (piece) => {
        await writer.write(piece)
        written += piece.length
        growing.grown(written)
      },
      commit: async () => {
        await writer.commit()
        end("kept")
      },
      abort: () => {
        end("dropped")
        return writer.abort()
      },
    }
  }

  #tellNews(): void {
    this.#news?.resolve()
    this.#news = undefined
  }
}
