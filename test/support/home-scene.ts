import * as fs from "node:fs"
import { WindfallError } from "../../src/protocol/errors.ts"
import type { BlobHash, JobId } from "../../src/protocol/ids.ts"
import { BlobFolder } from "../../src/workspace/blob-folder.ts"
import { bringHome } from "../../src/workspace/bring-home.ts"
import { hashBytes } from "../../src/workspace/hash.ts"
import { missingBlobs } from "../../src/workspace/missing-blobs.ts"
import { encodePack, readPack } from "../../src/workspace/pack.ts"
import { scanTree } from "../../src/workspace/scan.ts"
import { encodeTree, type TreeEntry } from "../../src/workspace/tree.ts"
import { ScratchFolder } from "./scratch-folder.ts"

/** Whose files come home there. */
export const HOME_JOB = 17 as JobId

/** A server that has what was sent and what came out, and a home folder. */
export class HomeScene implements Disposable {
  readonly scratch = new ScratchFolder()
  readonly home = this.scratch.write({}, "home")
  readonly blobs = new BlobFolder(this.scratch.at("server"))
  readonly fetched: BlobHash[] = []
  /** Ends the next fetches after as many bytes. */
  breakAfterBytes = Number.POSITIVE_INFINITY

  async store(files: Readonly<Record<string, string | Uint8Array>>, folder: string): Promise<BlobHash> {
    const scanned = await scanTree(this.scratch.write(files, folder))
    await readPack(encodePack(await missingBlobs(scanned, async (hashes) => this.blobs.missing(hashes))), this.blobs)
    return scanned.root
  }

  storeTree(entries: readonly TreeEntry[]): BlobHash {
    const bytes = encodeTree(entries)
    this.blobs.write(hashBytes(bytes), bytes)
    return hashBytes(bytes)
  }

  async *fetch(hashes: readonly BlobHash[]): AsyncGenerator<Uint8Array> {
    for (const hash of hashes) if (!this.blobs.has(hash)) throw new WindfallError("blobs_missing", "Cannot send: gone")
    this.fetched.push(...hashes)
    const pack = encodePack(
      hashes.map((hash) => ({ hash, bytes: this.blobs.bytesOf(hash)!, open: () => this.blobs.open(hash) })),
    )
    for await (const piece of pack) {
      if (piece.length > this.breakAfterBytes) throw new Error("link lost")
      this.breakAfterBytes -= piece.length
      yield piece
    }
  }

  bring(tree: BlobHash, base: BlobHash | null = null) {
    return bringHome(tree, this.home, { fetch: (hashes) => this.fetch(hashes), job: HOME_JOB, base })
  }

  read(path: string): string {
    return fs.readFileSync(`${this.home}/${path}`, "utf8")
  }

  [Symbol.dispose](): void {
    this.scratch[Symbol.dispose]()
  }
}
