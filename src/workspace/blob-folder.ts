/**
 * A folder of blobs on this disk, named by hash: `ab/cdef….BYTES`. The length is part of the name, so that a blob cut short
 * by a crash is recognised where it is used, and so that opening a folder of 100,000 blobs reads no file. One process at
 * a time may write. A blob appears by rename, whole or not at all.
 */
import * as fs from "node:fs"
import { WindfallError } from "../protocol/errors.ts"
import type { BlobHash } from "../protocol/ids.ts"
import { blobMissing } from "./blob-missing.ts"
import { blobPath, isBlobFolderName, readBlobName } from "./blob-name.ts"
import { diskError, errorCode } from "./disk-error.ts"
import { hashBytes } from "./hash.ts"
import type { BlobSink, BlobWriter } from "./pack.ts"
import { PLAIN_FILE, readPlainFile } from "./read-plain-file.ts"
import { Slices } from "./slices.ts"
import { syncFiles } from "./sync-files.ts"

const READ_BYTES = 256 * 1024

export class BlobFolder implements BlobSink {
  readonly root: string
  readonly #bytes = new Map<BlobHash, number>()
  /** When a blob was last used, counted; blobs not used since opening are older than all of these. */
  readonly #used = new Map<BlobHash, number>()
  readonly #made = new Set<string>()
  #uses = 0
  #temporary = 0
  #unsynced = new Set<string>()
  /** How many of the folders made are surely on the disk; of those that were here, none is known to be. */
  #durableFolders = -1
  #sizeBytes = 0
  #generation = 0
  #damaged = 0

  /** Opens the folder at `root`, makes it (0700) when absent, and removes what a killed process left half-written. */
  constructor(root: string) {
    this.root = root
    fs.mkdirSync(root, { recursive: true, mode: 0o700 })
    fs.rmSync(`${root}/tmp`, { recursive: true, force: true })
    fs.mkdirSync(`${root}/tmp`, { mode: 0o700 })
    for (const folder of fs.readdirSync(root)) {
      if (!isBlobFolderName(folder)) continue
      this.#made.add(folder)
      for (const name of fs.readdirSync(`${root}/${folder}`)) {
        const blob = readBlobName(folder, name)
        if (blob === undefined) continue
        this.#bytes.set(blob.hash, blob.bytes)
        this.#sizeBytes += blob.bytes
      }
    }
  }

  /** Bytes of all blobs. */
  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** How many blobs there are. */
  get count(): number {
    return this.#bytes.size
  }

  /** Grows whenever a blob goes away, so that what was concluded about wholeness before no longer holds. */
  get generation(): number {
    return this.#generation
  }

  /** How many blobs turned out damaged, or gone from the disk, since the folder was opened. */
  get damaged(): number {
    return this.#damaged
  }

  has(hash: BlobHash): boolean {
    return this.#bytes.has(hash)
  }

  /** Which of these are not here, each once. */
  missing(hashes: Iterable<BlobHash>): BlobHash[] {
    const missing = new Set<BlobHash>()
    for (const hash of hashes) if (!this.#bytes.has(hash)) missing.add(hash)
    return [...missing]
  }

  /** The length of a blob that is here, else `undefined`. */
  bytesOf(hash: BlobHash): number | undefined {
    return this.#bytes.get(hash)
  }

  /**
   * Where the blob lies, for reading only. Counts as a use.
   * @throws {WindfallError} blobs_missing
   */
  path(hash: BlobHash): string {
    const bytes = this.#bytes.get(hash)
    if (bytes === undefined) throw blobMissing(hash)
    this.#used.set(hash, ++this.#uses)
    return this.#pathOf(hash, bytes)
  }

  /**
   * The whole blob, hash verified. For trees and other small blobs.
   * @throws {WindfallError} blobs_missing; also when it turns out damaged: it is dropped, so that it can be sent again
   */
  readSync(hash: BlobHash): Uint8Array {
    const path = this.path(hash)
    let content: Uint8Array | undefined
    try {
      content = readPlainFile(path)
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw diskError(error, `read the blob ${path}`)
    }
    if (content === undefined || hashBytes(content) !== hash) throw this.dropDamaged(hash)
    return content
  }

  /** As {@link readSync}, but `undefined` for a blob that is not here or turns out damaged. */
  readIfSound(hash: BlobHash): Uint8Array | undefined {
    if (!this.#bytes.has(hash)) return undefined
    try {
      return this.readSync(hash)
    } catch (error) {
      if (error instanceof WindfallError && error.code === "blobs_missing") return undefined
      throw error
    }
  }

  async read(hash: BlobHash): Promise<Uint8Array> {
    return this.readSync(hash)
  }

  /** The blob's bytes from `start`, piece by piece, not verified (whoever receives them does that). */
  async *open(hash: BlobHash, options: { start?: number; signal?: AbortSignal } = {}): AsyncGenerator<Uint8Array> {
    const path = this.path(hash)
    let at = options.start ?? 0
    const bytes = this.#bytes.get(hash) ?? 0
    await using file = await fs.promises.open(path, PLAIN_FILE).catch((error: unknown) => {
      if (errorCode(error) !== "ENOENT" && errorCode(error) !== "ELOOP") throw diskError(error, `read the blob ${path}`)
      throw this.dropDamaged(hash)
    })
    if (!(await file.stat()).isFile()) throw this.dropDamaged(hash)
    while (at < bytes) {
      options.signal?.throwIfAborted()
      const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, bytes - at))
      const { bytesRead } = await file.read(buffer, 0, buffer.length, at)
      if (bytesRead === 0) throw this.dropDamaged(hash)
      at += bytesRead
      yield bytesRead === buffer.length ? buffer : buffer.subarray(0, bytesRead)
    }
  }

  /**
   * Stores a small blob. The caller has verified the hash (readPack() does).
   * @throws {WindfallError} disk_full
   */
  write(hash: BlobHash, bytes: Uint8Array): void {
    if (this.#bytes.has(hash)) return
    const temporary = this.#temporaryPath()
    try {
      fs.writeFileSync(temporary, bytes, { mode: 0o600, flag: "wx" })
      this.#settle(hash, bytes.length, temporary)
    } catch (error) {
      fs.rmSync(temporary, { force: true })
      throw diskError(error, "store a blob")
    }
  }

  /** Begins a large blob. The caller verifies the hash before `commit` (readPack() does). */
  async begin(hash: BlobHash, bytes: number): Promise<BlobWriter & { readonly path: string }> {
    const temporary = this.#temporaryPath()
    const file = await fs.promises.open(temporary, "wx", 0o600).catch((error: unknown) => {
      throw diskError(error, "store a blob")
    })
    let written = 0
    const abort = async (): Promise<void> => {
      await file.close().catch(() => {})
      fs.rmSync(temporary, { force: true })
    }
    return {
      path: temporary,
      write: async (piece) => {
        try {
          for (let at = 0; at < piece.length; ) {
            at += (await file.write(piece, at, piece.length - at, written + at)).bytesWritten
          }
          written += piece.length
        } catch (error) {
          throw diskError(error, "store a blob")
        }
      },
      commit: async () => {
        await file.close()
        if (written !== bytes) throw new WindfallError("corrupt_data", "Cannot store a blob: its length is another")
        this.adopt(hash, bytes, temporary)
      },
      abort,
    }
  }

  /** Takes in a file of this very disk, by rename. The caller has verified the hash. */
  adopt(hash: BlobHash, bytes: number, path: string): void {
    if (this.#bytes.has(hash)) fs.rmSync(path, { force: true })
    else this.#settle(hash, bytes, path)
  }

  /** Drops a blob whose bytes are not what its name says, and returns the error that asks for it again. */
  dropDamaged(hash: BlobHash): WindfallError {
    if (this.#bytes.has(hash)) this.#damaged++
    this.drop(hash)
    return blobMissing(hash)
  }

  /** Forgets a blob. */
  drop(hash: BlobHash): void {
    const bytes = this.#bytes.get(hash)
    if (bytes === undefined) return
    // Whatever lies there: where jobs share the account, that may be a folder.
    fs.rmSync(this.#pathOf(hash, bytes), { force: true, recursive: true })
    this.#bytes.delete(hash)
    this.#used.delete(hash)
    this.#sizeBytes -= bytes
    this.#generation++
  }

  /** Makes durable what was written since the last flush. When it fails, the next one tries the same again. */
  async flush(): Promise<void> {
    const paths = this.#unsynced
    if (paths.size === 0) return
    this.#unsynced = new Set()
    const folders = new Set<string>()
    for (const path of paths) folders.add(path.slice(0, path.lastIndexOf("/")))
    const made = this.#made.size
    if (made > this.#durableFolders) folders.add(this.root)
    try {
      await syncFiles([...paths, ...folders])
      this.#durableFolders = Math.max(this.#durableFolders, made)
    } catch (error) {
      for (const path of paths) this.#unsynced.add(path)
      throw diskError(error, "make blobs durable")
    }
  }

  /**
   * Removes blobs, least recently used first, until all of them have at most `maxBytes`; never one that `keep` names.
   * Returns the bytes freed.
   */
  async evict(keep: (hash: BlobHash) => boolean, maxBytes: number): Promise<number> {
    if (this.#sizeBytes <= maxBytes) return 0
    const slices = new Slices(10)
    const candidates: { hash: BlobHash; used: number; made: number }[] = []
    for (const [hash, bytes] of [...this.#bytes]) {
      if (keep(hash)) continue
      const used = this.#used.get(hash) ?? 0
      const stat = used === 0 ? fs.statSync(this.#pathOf(hash, bytes), { throwIfNoEntry: false }) : undefined
      candidates.push({ hash, used, made: stat?.mtimeMs ?? 0 })
      if (slices.spent) await slices.breathe()
    }
    candidates.sort((a, b) => a.used - b.used || a.made - b.made)
    const before = this.#sizeBytes
    let freed = 0
    for (const { hash } of candidates) {
      if (before - freed <= maxBytes) break
      freed += this.#bytes.get(hash) ?? 0
      this.drop(hash)
      if (slices.spent) await slices.breathe()
    }
    return freed
  }

  #pathOf(hash: BlobHash, bytes: number): string {
    return `${this.root}/${blobPath(hash, bytes)}`
  }

  #temporaryPath(): string {
    if (!fs.existsSync(`${this.root}/tmp`)) this.#makeAgain()
    return `${this.root}/tmp/${++this.#temporary}`
  }

  /** A job, which has the same account, has removed the folder: what is gone with it is forgotten. */
  #makeAgain(): void {
    fs.mkdirSync(`${this.root}/tmp`, { recursive: true, mode: 0o700 })
    this.#made.clear()
    for (const [hash, bytes] of [...this.#bytes]) if (!fs.existsSync(this.#pathOf(hash, bytes))) this.drop(hash)
  }

  #settle(hash: BlobHash, bytes: number, temporary: string): void {
    const folder = hash.slice(0, 2)
    if (!this.#made.has(folder)) {
      fs.mkdirSync(`${this.root}/${folder}`, { recursive: true, mode: 0o700 })
      this.#made.add(folder)
    }
    const path = this.#pathOf(hash, bytes)
    fs.renameSync(temporary, path)
    this.#unsynced.add(path)
    this.#bytes.set(hash, bytes)
    this.#used.set(hash, ++this.#uses)
    this.#sizeBytes += bytes
  }
}
