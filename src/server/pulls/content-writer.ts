import { createHash, type Hash } from "node:crypto"
import { type FileHandle, mkdir, open, rm } from "node:fs/promises"
import { join } from "node:path"
import { FileChanged } from "../../hub/hub-file.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import { contentOf, type PulledFile } from "../../store/pull-record.ts"
import { openSound } from "../../workspace/damage.ts"
import { diskError } from "../../workspace/disk-error.ts"
import { BlobHasher, hashBytes } from "../../workspace/hash.ts"
import { CHUNK_BYTES, chunkLength, encodeChunkList } from "../../workspace/tree.ts"
import type { Core } from "../core.ts"

/**
 * Writes a file that comes into the blobs of a user, chunk by chunk, and goes on where a former run was cut. What is here is read again
 * first: the hash of the whole must be right in the end, whatever happened to the disk meanwhile.
 *
 * A chunk grows in a file of its own (`pulls/HASH-POSITION`), and becomes a blob by rename once it is whole.
 */
export class ContentWriter implements AsyncDisposable {
  readonly #core: Core
  readonly #user: string
  readonly #file: PulledFile
  readonly #chunks: BlobHash[] = []
  #whole: Hash
  #chunk = new BlobHasher()
  #inChunk = 0
  #part: FileHandle | null = null

  private constructor(core: Core, user: string, file: PulledFile) {
    this.#core = core
    this.#user = user
    this.#file = file
    this.#whole = newHash(file)
  }

  static async open(core: Core, user: string, file: PulledFile, signal: AbortSignal): Promise<ContentWriter> {
    const writer = new ContentWriter(core, user, file)
    while (!(await writer.#readChunks(signal)));
    await writer.#openPart()
    return writer
  }

  /** How much is here. */
  get bytes(): number {
    return Math.min(this.#file.bytes, this.#chunks.length * CHUNK_BYTES) + this.#inChunk
  }

  /** @throws {WindfallError} disk_full */
  async write(piece: Uint8Array): Promise<void> {
    for (let at = 0; at < piece.length; ) {
      const some = piece.subarray(at, at + this.#chunkBytes - this.#inChunk)
      this.#part ??= await this.#newPart()
      await writeAll(this.#part, some)
      this.#add(some)
      at += some.length
      if (this.#inChunk === this.#chunkBytes) await this.#seal()
    }
  }

  /**
   * All of it has come. Returns its blob, or that of its chunk list.
   * @throws {FileChanged} when its hash is not the one that was told: then nothing of it is kept
   */
  async finish(): Promise<BlobHash> {
    const { bytes, hash } = this.#file
    if (this.bytes !== bytes) throw new TypeError(`A file of ${bytes} bytes was ended at ${this.bytes}`)
    if (this.#whole.digest("hex") !== hash.hex) {
      await this.drop()
      throw new FileChanged(`what came has another ${hash.kind === "git" ? "git hash" : "sha256"} than the hub says`)
    }
    const { blobs } = this.#core.blobs.of(this.#user)
    let blob = this.#chunks[0]
    if (bytes === 0) blob = put(new Uint8Array(0))
    else if (bytes > CHUNK_BYTES) blob = put(encodeChunkList(this.#chunks))
    const made = blob as BlobHash
    await blobs.flush()
    await this.#core.ledger.change(() => {
      this.#core.store.pulls.putKnown(this.#user, contentOf(this.#file), bytes, made)
      this.#core.store.pulls.dropChunks(this.#user, contentOf(this.#file))
    })
    return made

    function put(content: Uint8Array): BlobHash {
      const name = hashBytes(content)
      blobs.write(name, content)
      return name
    }
  }

  /** Forgets all that has come. */
  async drop(): Promise<void> {
    await this.#closePart()
    await rm(this.#partPath, { force: true })
    await this.#core.ledger.change(() => this.#core.store.pulls.dropChunks(this.#user, contentOf(this.#file)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#closePart()
  }

  get #chunkBytes(): number {
    return chunkLength(this.#file.bytes, this.#chunks.length)
  }

  get #partPath(): string {
    return join(partFolder(this.#core), `${this.#user}-${this.#file.hash.hex}-${this.#chunks.length}`)
  }

  #add(piece: Uint8Array): void {
    this.#whole.update(piece)
    this.#chunk.update(piece)
    this.#inChunk += piece.length
  }

  /** Whether all chunks were sound; else those from the first damaged one on are forgotten, and it is to be begun anew. */
  async #readChunks(signal: AbortSignal): Promise<boolean> {
    const { store, ledger } = this.#core
    const { blobs } = this.#core.blobs.of(this.#user)
    const content = contentOf(this.#file)
    this.#whole = newHash(this.#file)
    this.#chunks.length = 0
    for (const [position, blob] of store.pulls.chunks(this.#user, content).entries()) {
      try {
        if (blobs.bytesOf(blob) !== chunkLength(this.#file.bytes, position)) throw blobs.dropDamaged(blob)
        for await (const piece of openSound(blobs, blob, { signal })) this.#whole.update(piece)
      } catch (error) {
        if (!(error instanceof WindfallError) || error.code !== "blobs_missing") throw error
        await ledger.change(() => store.pulls.dropChunks(this.#user, content, position))
        return false
      }
      this.#chunks.push(blob)
    }
    return true
  }

  /** Takes up the chunk that a former run was writing. */
  async #openPart(): Promise<void> {
    if (this.#chunkBytes <= 0) return
    await mkdir(partFolder(this.#core), { recursive: true, mode: 0o700 })
    const part = await open(this.#partPath, "a+", 0o600).catch(failed)
    this.#part = part
    const { size } = await part.stat()
    // One that is as long as it may be was not taken in for a reason that nobody knows any more.
    if (size >= this.#chunkBytes) await part.truncate(0)
    else for await (const piece of part.createReadStream({ autoClose: false, start: 0 })) this.#add(piece as Uint8Array)
  }

  async #newPart(): Promise<FileHandle> {
    return open(this.#partPath, "w", 0o600).catch(failed)
  }

  async #seal(): Promise<void> {
    const { blobs } = this.#core.blobs.of(this.#user)
    const hash = this.#chunk.digest()
    const path = this.#partPath
    await this.#closePart()
    blobs.adopt(hash, this.#inChunk, path)
    await blobs.flush()
    const position = this.#chunks.length
    const { store, ledger, clock } = this.#core
    await ledger.change(() => store.pulls.addChunk(this.#user, contentOf(this.#file), position, hash, clock.now()))
    this.#chunks.push(hash)
    this.#chunk = new BlobHasher()
    this.#inChunk = 0
  }

  async #closePart(): Promise<void> {
    const part = this.#part
    this.#part = null
    await part?.close()
  }
}

/** Where chunks grow. */
export function partFolder({ folder }: Pick<Core, "folder">): string {
  return join(folder, "pulls")
}

/** git names a blob by its length and its bytes. */
function newHash({ bytes, hash }: PulledFile): Hash {
  return hash.kind === "sha256" ? createHash("sha256") : createHash("sha1").update(`blob ${bytes}\0`)
}

/** @throws {WindfallError} disk_full */
export async function writeAll(file: FileHandle, piece: Uint8Array): Promise<void> {
  try {
    for (let at = 0; at < piece.length; ) at += (await file.write(piece, at, piece.length - at)).bytesWritten
  } catch (error) {
    failed(error)
  }
}

/** What the disk says, in words. */
export function failed(error: unknown): never {
  throw diskError(error, "store what comes from the hub")
}
