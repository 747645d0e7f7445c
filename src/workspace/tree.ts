/**
 * Tree objects: what one folder holds, as canonical bytes named by their hash, so that equal folders have equal hashes on
 * every machine. Pure. Layout: "WTR1", then for each entry, ascending by the bytes of its name:
 * kind u8, name length u16, name in UTF-8, and file: mode u16, bytes u64, hash; folder: mode u16, hash; link: target
 * length u16, target in UTF-8. Numbers are big-endian.
 */
import { WindfallError } from "../protocol/errors.ts"
import type { BlobHash } from "../protocol/ids.ts"
import { asBuffer, getHash, HASH_BYTES, putHash } from "./hash.ts"
import { checkEntryName } from "./safe-path.ts"

export interface FileEntry {
  readonly kind: "file"
  readonly name: string
  /** Permission bits, 0 to 0o777. */
  readonly mode: number
  readonly bytes: number
  /** The blob's hash, or its chunk list's when `chunked`. */
  readonly hash: BlobHash
  /** True exactly when the file is larger than {@link CHUNK_BYTES}. */
  readonly chunked: boolean
}
export interface FolderEntry {
  readonly kind: "folder"
  readonly name: string
  readonly mode: number
  /** The hash of its tree object. */
  readonly hash: BlobHash
}
export interface LinkEntry {
  readonly kind: "link"
  readonly name: string
  /** As readlink() gives it: may be dangling or leave the tree; it is never followed. */
  readonly target: string
}
export type TreeEntry = FileEntry | FolderEntry | LinkEntry

/** Files larger than this travel as chunks of this size (the last one shorter), so that memory stays bounded. */
export const CHUNK_BYTES = 64 * 1024 * 1024
/** No tree or chunk list is larger: about a million entries in one folder. */
export const MAX_OBJECT_BYTES = 64 * 1024 * 1024

const MAGIC = Buffer.from("WTR1")
const CHUNK_MAGIC = Buffer.from("WCL1")
const KIND = { file: 1, chunked: 2, folder: 3, link: 4 } as const
const MAX_TARGET_BYTES = 4096
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** Orders names by their UTF-8 bytes (which is by code points, where plain string comparison goes by UTF-16 units). */
export function compareNames(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x === y) continue
    // Surrogates stand for code points above U+FFFF, so they come after U+E000..U+FFFF.
    if (x >= 0xd800 && y >= 0xd800) return fixSurrogate(x) - fixSurrogate(y)
    return x - y
  }
  return a.length - b.length
}

function fixSurrogate(unit: number): number {
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000
}

/**
 * The canonical bytes of a folder with these entries, in any order.
 * @throws {WindfallError} unsafe_path for a name no folder can hold, too_large past {@link MAX_OBJECT_BYTES}
 */
export function encodeTree(entries: readonly TreeEntry[]): Uint8Array {
  const sorted = [...entries].sort((a, b) => compareNames(a.name, b.name))
  let size = MAGIC.length
  for (const entry of sorted) {
    size += 3 + Buffer.byteLength(entry.name)
    if (entry.kind === "file") size += 10 + HASH_BYTES
    else if (entry.kind === "folder") size += 2 + HASH_BYTES
    else size += 2 + Buffer.byteLength(entry.target)
  }
  if (size > MAX_OBJECT_BYTES) {
    throw new WindfallError("too_large", `Cannot send a folder of ${sorted.length} entries: it holds too many`)
  }
  const bytes = Buffer.allocUnsafeSlow(size)
  let at = MAGIC.copy(bytes)
  let before: string | undefined
  for (const entry of sorted) {
    checkEntryName(entry.name)
    if (entry.name === before) throw twice(entry.name)
    before = entry.name
    at = bytes.writeUInt8(entry.kind === "file" && entry.chunked ? KIND.chunked : KIND[entry.kind], at)
    const nameBytes = bytes.write(entry.name, at + 2)
    bytes.writeUInt16BE(nameBytes, at)
    at += 2 + nameBytes
    if (entry.kind === "link") {
      checkTarget(entry.target)
      const targetBytes = bytes.write(entry.target, at + 2)
      bytes.writeUInt16BE(targetBytes, at)
      at += 2 + targetBytes
      continue
    }
    at = bytes.writeUInt16BE(entry.mode & 0o777, at)
    if (entry.kind === "file") {
      at = bytes.writeUInt32BE(Math.floor(entry.bytes / 2 ** 32), at)
      at = bytes.writeUInt32BE(entry.bytes % 2 ** 32, at)
    }
    putHash(bytes, at, entry.hash)
    at += HASH_BYTES
  }
  return bytes
}

/**
 * Reads a tree object from anywhere. What it returns is safe: names are single components in ascending order without
 * repeats, and encoding it again gives the same bytes.
 * @throws {WindfallError} unsafe_path for a name like "..", corrupt_data for anything else
 */
export function decodeTree(bytes: Uint8Array): TreeEntry[] {
  const data = asBuffer(bytes)
  if (data.length > MAX_OBJECT_BYTES || !data.subarray(0, 4).equals(MAGIC)) throw corrupt("a folder", "no tree object")
  const entries: TreeEntry[] = []
  let at = MAGIC.length
  const take = (length: number): number => {
    if (data.length - at < length) throw corrupt("a folder", "its tree object is cut short")
    at += length
    return at - length
  }
  const text = (): string => {
    const length = data.readUInt16BE(take(2))
    const start = take(length)
    try {
      return decoder.decode(data.subarray(start, start + length))
    } catch (cause) {
      throw corrupt("a folder", "a name in it is not valid UTF-8", cause)
    }
  }
  let before: string | undefined
  while (at < data.length) {
    const kind = data.readUInt8(take(1))
    const name = text()
    checkEntryName(name)
    if (before !== undefined && compareNames(before, name) >= 0) {
      throw before === name ? twice(name) : corrupt("a folder", "its names are not in order")
    }
    before = name
    if (kind === KIND.link) {
      const target = text()
      checkTarget(target)
      entries.push({ kind: "link", name, target })
      continue
    }
    const mode = data.readUInt16BE(take(2))
    if (mode > 0o777) throw corrupt("a folder", `"${name}" has the mode ${mode}`)
    if (kind === KIND.folder) {
      entries.push({ kind: "folder", name, mode, hash: getHash(data, take(HASH_BYTES)) })
    } else if (kind === KIND.file || kind === KIND.chunked) {
      const size = data.readUInt32BE(take(4)) * 2 ** 32 + data.readUInt32BE(take(4))
      const chunked = kind === KIND.chunked
      if (!Number.isSafeInteger(size) || chunked !== size > CHUNK_BYTES) {
        throw corrupt("a folder", `"${name}" claims ${size} bytes`)
      }
      entries.push({ kind: "file", name, mode, bytes: size, hash: getHash(data, take(HASH_BYTES)), chunked })
    } else {
      throw corrupt("a folder", `"${name}" is of an unknown kind ${kind}`)
    }
  }
  return entries
}

/** The bytes of a chunk list: "WCL1" and the hashes of the chunks in order. */
export function encodeChunkList(hashes: readonly BlobHash[]): Uint8Array {
  const bytes = Buffer.allocUnsafeSlow(CHUNK_MAGIC.length + hashes.length * HASH_BYTES)
  CHUNK_MAGIC.copy(bytes)
  hashes.forEach((hash, i) => {
    putHash(bytes, CHUNK_MAGIC.length + i * HASH_BYTES, hash)
  })
  return bytes
}

/**
 * Reads a chunk list from anywhere. With `fileBytes`, the number of chunks must be that of a file of this size.
 * @throws {WindfallError} corrupt_data
 */
export function decodeChunkList(bytes: Uint8Array, fileBytes?: number): BlobHash[] {
  const data = asBuffer(bytes)
  const count = (data.length - CHUNK_MAGIC.length) / HASH_BYTES
  if (!Number.isInteger(count) || count < 2 || !data.subarray(0, 4).equals(CHUNK_MAGIC)) {
    throw corrupt("a file", "its chunk list is malformed")
  }
  if (fileBytes !== undefined && count !== Math.ceil(fileBytes / CHUNK_BYTES)) {
    throw corrupt("a file", `its chunk list has ${count} chunks for ${fileBytes} bytes`)
  }
  return Array.from({ length: count }, (_, i) => getHash(data, CHUNK_MAGIC.length + i * HASH_BYTES))
}

/** How many bytes chunk number `index` (from 0) of a file of `fileBytes` has. */
export function chunkLength(fileBytes: number, index: number): number {
  return Math.min(CHUNK_BYTES, fileBytes - index * CHUNK_BYTES)
}

/** The tree object of an empty folder. */
export const EMPTY_TREE_BYTES: Uint8Array = encodeTree([])
export const EMPTY_TREE = "443533157e1bb1c0aacf91f28a4580bbc10b3516b9cda9b6097b2e0de1fbb657" as BlobHash

function checkTarget(target: string): void {
  if (
    target === "" ||
    target.includes("\0") ||
    !target.isWellFormed() ||
    Buffer.byteLength(target) > MAX_TARGET_BYTES
  ) {
    throw corrupt("a folder", "it holds a link whose target no system accepts")
  }
}

function corrupt(what: string, why: string, cause?: unknown): WindfallError {
  return new WindfallError("corrupt_data", `Cannot read ${what}: ${why}`, { cause })
}

function twice(name: string): WindfallError {
  return new WindfallError("unsafe_path", `Cannot read a folder: it names ${JSON.stringify(name)} twice`)
}
