/**
 * Puts files together from blobs that arrive in any order. What has come stays in a folder of its own until the file is whole, so
 * that a transfer that broke off goes on where it was: at the file, and within a large file at the chunk.
 */
import * as fs from "node:fs"
import type { BlobHash } from "../protocol/ids.ts"
import { diskError } from "./disk-error.ts"
import { unasked } from "./fetch-trees.ts"
import { BlobHasher } from "./hash.ts"
import type { BlobSink, BlobWriter } from "./pack.ts"
import type { Slices } from "./slices.ts"
import { CHUNK_BYTES, chunkLength, type FileEntry } from "./tree.ts"

const PIECE_BYTES = 1024 * 1024
const { O_RDWR, O_CREAT, O_NOFOLLOW } = fs.constants

interface Part {
  readonly hash: BlobHash
  readonly path: string
  /** Places still to be filled. */
  open: number
}
interface Place {
  readonly part: Part
  readonly start: number
  readonly bytes: number
}

export class PartFiles implements BlobSink {
  readonly #folder: string
  readonly #onWhole: (hash: BlobHash, path: string) => Promise<void>
  readonly #wanted = new Map<BlobHash, Place[]>()
  readonly #parts = new Map<BlobHash, Part>()

  /**
   * @param folder where unfinished files lie; nobody else writes there
   * @param onWhole takes a finished file away from its path
   */
  constructor(folder: string, onWhole: (hash: BlobHash, path: string) => Promise<void>) {
    this.#folder = folder
    this.#onWhole = onWhole
  }

  /** The blobs that are needed, in the order of the files they belong to. */
  get wanted(): BlobHash[] {
    return [...this.#wanted.keys()]
  }

  /**
   * Adds a file to put together, with its chunk list when it has one; twice the same is once. Returns how many of its bytes are
   * here from an earlier try.
   */
  async add(file: FileEntry, chunks: readonly BlobHash[] | null, slices: Slices): Promise<number> {
    if (this.#parts.has(file.hash)) return file.bytes
    const part: Part = { hash: file.hash, path: `${this.#folder}/${file.hash}`, open: 0 }
    this.#parts.set(file.hash, part)
    let here = 0
    for (const [i, hash] of (chunks ?? [file.hash]).entries()) {
      const place: Place = {
        part,
        start: i * CHUNK_BYTES,
        bytes: chunks === null ? file.bytes : chunkLength(file.bytes, i),
      }
      if (chunks !== null && (await isFilled(place, hash, slices))) {
        here += place.bytes
        continue
      }
      part.open++
      const places = this.#wanted.get(hash)
      if (places === undefined) this.#wanted.set(hash, [place])
      else places.push(place)
    }
    if (part.open === 0) await this.#onWhole(part.hash, part.path)
    return here
  }

  async write(hash: BlobHash, bytes: Uint8Array): Promise<void> {
    const places = this.#placesOf(hash, bytes.length)
    for (const place of places) writePlace(place, bytes)
    await this.#filled(hash, places)
  }

  begin(hash: BlobHash, bytes: number): BlobWriter {
    const places = this.#placesOf(hash, bytes)
    const files = places.map(({ part }) => openPart(part))
    let written = 0
    const close = (): void => {
      for (const file of files.splice(0)) fs.closeSync(file)
    }
    return {
      write: (piece) => {
        files.forEach((file, i) => {
          writeAll(file, piece, places[i]!.start + written)
        })
        written += piece.length
      },
      commit: () => {
        close()
        return this.#filled(hash, places)
      },
      abort: close,
    }
  }

  #placesOf(hash: BlobHash, bytes: number): Place[] {
    const places = this.#wanted.get(hash)
    if (places === undefined || places.some((place) => place.bytes !== bytes)) throw unasked(hash)
    return places
  }

  async #filled(hash: BlobHash, places: readonly Place[]): Promise<void> {
    this.#wanted.delete(hash)
    for (const { part } of places) {
      part.open--
      if (part.open === 0) await this.#onWhole(part.hash, part.path)
    }
  }
}

/** Whether an earlier try left the right bytes there. */
async function isFilled(place: Place, hash: BlobHash, slices: Slices): Promise<boolean> {
  const stat = fs.lstatSync(place.part.path, { throwIfNoEntry: false })
  if (stat === undefined || !stat.isFile() || stat.size < place.start + place.bytes) return false
  const file = fs.openSync(place.part.path, fs.constants.O_RDONLY | O_NOFOLLOW)
  try {
    const hasher = new BlobHasher()
    const piece = Buffer.allocUnsafe(PIECE_BYTES)
    for (let at = 0; at < place.bytes; ) {
      const read = fs.readSync(file, piece, 0, Math.min(piece.length, place.bytes - at), place.start + at)
      if (read === 0) return false
      hasher.update(piece.subarray(0, read))
      at += read
      if (slices.spent) await slices.breathe()
    }
    return hasher.digest() === hash
  } finally {
    fs.closeSync(file)
  }
}

function writePlace(place: Place, bytes: Uint8Array): void {
  const file = openPart(place.part)
  try {
    writeAll(file, bytes, place.start)
  } finally {
    fs.closeSync(file)
  }
}

function openPart(part: Part): number {
  try {
    return fs.openSync(part.path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600)
  } catch (error) {
    throw diskError(error, `write ${part.path}`)
  }
}

function writeAll(file: number, bytes: Uint8Array, start: number): void {
  try {
    for (let at = 0; at < bytes.length; ) at += fs.writeSync(file, bytes, at, bytes.length - at, start + at)
  } catch (error) {
    throw diskError(error, "store what came home")
  }
}
