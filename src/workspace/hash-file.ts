import * as fs from "node:fs"
import { WindfallError } from "../protocol/errors.ts"
import type { BlobHash } from "../protocol/ids.ts"
import { diskError } from "./disk-error.ts"
import { type FileRecord, isFresh } from "./folder-record.ts"
import { BlobHasher, hashBytes } from "./hash.ts"
import type { Slices } from "./slices.ts"
import { CHUNK_BYTES, encodeChunkList } from "./tree.ts"

/** Files up to this size are read in one go. */
const SMALL_BYTES = 1024 * 1024
const PIECE_BYTES = 2 * 1024 * 1024
const TRIES = 4
/** O_NONBLOCK: should the file have become a FIFO since it was looked at, opening it must not wait for a writer. */
const FLAGS = fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK
const small = Buffer.allocUnsafeSlow(SMALL_BYTES + 1)

/**
 * Hashes a small file in one go. `undefined` when it is not small, not a plain file, or changed meanwhile: then
 * {@link hashFile} has the last word.
 */
export function hashSmallFile(path: string, name: string): FileRecord | undefined {
  const readAtMs = Date.now()
  const file = fs.openSync(path, FLAGS)
  try {
    const before = fs.fstatSync(file)
    if (!before.isFile() || before.size > SMALL_BYTES) return undefined
    let length = 0
    while (length <= before.size) {
      const read = fs.readSync(file, small, length, before.size + 1 - length, null)
      if (read === 0) break
      length += read
    }
    const after = fs.fstatSync(file)
    if (length !== after.size || !isStill(before, after)) return undefined
    return toRecord(name, after, hashBytes(small.subarray(0, length)), null, readAtMs)
  } finally {
    fs.closeSync(file)
  }
}

/**
 * Hashes a file of any size with bounded memory, again when it changes meanwhile. Large files get a chunk list.
 * @param shown the path to name in errors
 * @throws {WindfallError} wrong_state when it never holds still, invalid_input when it may not be read
 */
export async function hashFile(
  path: string,
  name: string,
  shown: string,
  slices: Slices,
  onBytes?: (bytes: number) => void,
): Promise<FileRecord> {
  for (let tryNumber = 0; tryNumber < TRIES; tryNumber++) {
    const record = await hashOnce(path, name, shown, slices, onBytes)
    if (record !== undefined) return record
    await slices.breathe()
  }
  throw new WindfallError("wrong_state", `Cannot read ${shown}: it keeps changing while it is read`, {
    hint: "wait until it is written, or name it in .windfallignore",
  })
}

async function hashOnce(
  path: string,
  name: string,
  shown: string,
  slices: Slices,
  onBytes: ((bytes: number) => void) | undefined,
): Promise<FileRecord | undefined> {
  const readAtMs = Date.now()
  let file: number
  try {
    file = fs.openSync(path, FLAGS)
  } catch (error) {
    throw diskError(error, `read ${shown}`)
  }
  try {
    const before = fs.fstatSync(file)
    if (!before.isFile()) return undefined
    const buffer = Buffer.allocUnsafe(Math.min(PIECE_BYTES, before.size + 1))
    const chunked = before.size > CHUNK_BYTES
    const chunks: BlobHash[] = []
    let hasher = new BlobHasher()
    let length = 0
    let inChunk = 0
    while (length <= before.size) {
      const want = chunked ? Math.min(buffer.length, CHUNK_BYTES - inChunk) : buffer.length
      const read = fs.readSync(file, buffer, 0, want, null)
      if (read === 0) break
      hasher.update(buffer.subarray(0, read))
      length += read
      inChunk += read
      onBytes?.(read)
      if (chunked && inChunk === CHUNK_BYTES) {
        chunks.push(hasher.digest())
        hasher = new BlobHasher()
        inChunk = 0
      }
      if (slices.spent) await slices.breathe()
    }
    const after = fs.fstatSync(file)
    if (length !== after.size || !isStill(before, after)) return undefined
    if (!chunked) return toRecord(name, after, hasher.digest(), null, readAtMs)
    if (inChunk > 0) chunks.push(hasher.digest())
    return toRecord(name, after, hashBytes(encodeChunkList(chunks)), chunks, readAtMs)
  } finally {
    fs.closeSync(file)
  }
}

function isStill(before: fs.Stats, after: fs.Stats): boolean {
  return before.size === after.size && before.mtimeMs === after.mtimeMs && before.ctimeMs === after.ctimeMs
}

function toRecord(
  name: string,
  stat: fs.Stats,
  hash: BlobHash,
  chunks: readonly BlobHash[] | null,
  readAtMs: number,
): FileRecord {
  return {
    kind: "file",
    name,
    mode: stat.mode & 0o777,
    bytes: stat.size,
    hash,
    chunked: chunks !== null,
    ino: stat.ino,
    mtimeMs: stat.mtimeMs,
    ctimeMs: stat.ctimeMs,
    chunks,
    fresh: isFresh(stat, readAtMs),
  }
}
