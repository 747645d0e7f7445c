/**
 * Folder records as a file, of use to the very machine that wrote it only, with a checksum. By column, since each column
 * then takes one native call to read or write, where going through 20,000 files value by value takes five times as long:
 * all numbers as doubles, all hashes, all small numbers as u16, and all texts joined by NUL.
 */
import * as fs from "node:fs"
import type { BlobHash } from "../protocol/ids.ts"
import type { EntryRecord, FileRecord, FolderRecord, LinkRecord } from "./folder-record.ts"
import { HASH_BYTES } from "./hash.ts"

const MAGIC = "WREC0003"
/** Magic, checksum, and the lengths of the columns: numbers, hashes, small numbers, bytes of text. */
const HEAD_BYTES = 32
const HASH_DIGITS = HASH_BYTES * 2
/** More than a record of a million files has. */
const MOST_BYTES = 512 * 1024 * 1024
const KIND = { file: 1, link: 2, folder: 3 } as const

/** Writes a record with a note (what it belongs to), which holds no NUL. */
export function encodeRecord(record: FolderRecord, note: string): Buffer {
  const columns = new Columns()
  columns.texts.push(note)
  columns.folder(record)
  const numbers = Float64Array.from(columns.numbers)
  const small = Uint16Array.from(columns.small)
  const text = Buffer.from(columns.texts.join("\0"))
  const head = Buffer.alloc(HEAD_BYTES)
  head.write(MAGIC, "latin1")
  ;[numbers.length, columns.hashes.length, small.length, text.length].forEach((length, i) => {
    head.writeUInt32LE(length, 12 + i * 4)
  })
  const hashes = Buffer.from(columns.hashes.join(""), "hex")
  const whole = Buffer.concat([head, Buffer.from(numbers.buffer), hashes, Buffer.from(small.buffer), text])
  whole.writeUInt32LE(checksum(whole.subarray(12)), 8)
  return whole
}

/** Reads what {@link encodeRecord} wrote; `undefined` when it is damaged or of another version. */
export function decodeRecord(bytes: Buffer): { readonly note: string; readonly record: FolderRecord } | undefined {
  if (bytes.length < HEAD_BYTES || bytes.toString("latin1", 0, 8) !== MAGIC) return undefined
  if (checksum(bytes.subarray(12)) !== bytes.readUInt32LE(8)) return undefined
  const reader = new Reader(bytes)
  const note = reader.text()
  return { note, record: reader.folder() }
}

/**
 * FNV-1a over words: no change of a single word goes unnoticed. Not zlib's CRC, as loading zlib takes 4 ms of every send. A view
 * of the words is several times quicker than a DataView before the compiler has seen to it; files never leave their machine.
 */
function checksum(bytes: Buffer): number {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : Buffer.from(bytes)
  const words = new Int32Array(aligned.buffer, aligned.byteOffset, Math.floor(aligned.length / 4))
  let sum = 0x811c9dc5
  for (let i = 0; i < words.length; i++) sum = Math.imul(sum ^ words[i]!, 0x01000193)
  for (let at = words.length * 4; at < bytes.length; at++) sum = Math.imul(sum ^ bytes[at]!, 0x01000193)
  return sum >>> 0
}

/** Reads a record file; `undefined` when there is none or it is no good. A job can put something else in its place. */
export function loadRecord(file: string): { readonly note: string; readonly record: FolderRecord } | undefined {
  const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = fs.constants
  let descriptor: number | undefined
  try {
    descriptor = fs.openSync(file, O_RDONLY | O_NONBLOCK | O_NOFOLLOW)
    const stat = fs.fstatSync(descriptor)
    return stat.isFile() && stat.size <= MOST_BYTES ? decodeRecord(fs.readFileSync(descriptor)) : undefined
  } catch {
    return undefined
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor)
  }
}

/** Writes a record file by rename, so that a reader sees the old or the new one, whole. */
export function saveRecord(file: string, record: FolderRecord, note: string): void {
  const temporary = `${file}.${process.pid}.tmp`
  try {
    fs.writeFileSync(temporary, encodeRecord(record, note), { mode: 0o600 })
    fs.renameSync(temporary, file)
  } catch (error) {
    fs.rmSync(temporary, { force: true })
    throw error
  }
}

class Columns {
  readonly numbers: number[] = []
  readonly hashes: BlobHash[] = []
  readonly small: number[] = []
  readonly texts: string[] = []

  folder(folder: FolderRecord): void {
    this.texts.push(folder.name, folder.fingerprint)
    this.small.push(folder.mode)
    this.hashes.push(folder.hash)
    this.numbers.push(folder.entries.length)
    for (const entry of folder.entries) {
      this.small.push(KIND[entry.kind])
      if (entry.kind === "folder") this.folder(entry)
      else if (entry.kind === "link") this.#link(entry)
      else this.#file(entry)
    }
  }

  #link(link: LinkRecord): void {
    this.texts.push(link.name, link.target)
    this.numbers.push(link.ino, link.ctimeMs)
  }

  #file(file: FileRecord): void {
    const chunks = file.chunks ?? []
    this.texts.push(file.name)
    this.small.push(file.mode, file.fresh ? 1 : 0)
    this.numbers.push(file.bytes, file.ino, file.mtimeMs, file.ctimeMs, chunks.length)
    this.hashes.push(file.hash, ...chunks)
  }
}

class Reader {
  readonly #numbers: Float64Array
  readonly #hashes: string
  readonly #small: Uint16Array
  readonly #texts: readonly string[]
  #number = 0
  #hash = 0
  #smallAt = 0
  #text = 0

  constructor(bytes: Buffer) {
    const [numbers, hashes, small] = [12, 16, 20].map((at) => bytes.readUInt32LE(at)) as [number, number, number]
    const hashesAt = HEAD_BYTES + numbers * 8
    const smallAt = hashesAt + hashes * HASH_BYTES
    const textAt = smallAt + small * 2
    // Copied, because a view of numbers must start at a multiple of their size.
    const copy = (from: number, to: number): ArrayBuffer => new Uint8Array(bytes.subarray(from, to)).buffer
    this.#numbers = new Float64Array(copy(HEAD_BYTES, hashesAt))
    this.#hashes = bytes.toString("hex", hashesAt, smallAt)
    this.#small = new Uint16Array(copy(smallAt, textAt))
    this.#texts = bytes.toString("utf8", textAt).split("\0")
  }

  text(): string {
    return this.#texts[this.#text++]!
  }

  folder(): FolderRecord {
    const name = this.text()
    const fingerprint = this.text()
    const mode = this.#small[this.#smallAt++]!
    const hash = this.#nextHash()
    const count = this.#nextNumber()
    const entries: EntryRecord[] = []
    let files = 0
    let bytes = 0
    for (let i = 0; i < count; i++) {
      const kind = this.#small[this.#smallAt++]
      const entry = kind === KIND.folder ? this.folder() : kind === KIND.link ? this.#link() : this.#file()
      entries.push(entry)
      if (entry.kind === "link") continue
      files += entry.kind === "file" ? 1 : entry.files
      bytes += entry.bytes
    }
    return { kind: "folder", name, mode, hash, entries, fingerprint, files, bytes }
  }

  #link(): LinkRecord {
    const name = this.text()
    const target = this.text()
    return { kind: "link", name, target, ino: this.#nextNumber(), ctimeMs: this.#nextNumber() }
  }

  #file(): FileRecord {
    const name = this.text()
    const mode = this.#small[this.#smallAt++]!
    const fresh = this.#small[this.#smallAt++] === 1
    const bytes = this.#nextNumber()
    const ino = this.#nextNumber()
    const mtimeMs = this.#nextNumber()
    const ctimeMs = this.#nextNumber()
    const count = this.#nextNumber()
    const hash = this.#nextHash()
    const chunks = count === 0 ? null : Array.from({ length: count }, () => this.#nextHash())
    return { kind: "file", name, mode, bytes, hash, chunked: count > 0, ino, mtimeMs, ctimeMs, chunks, fresh }
  }

  #nextNumber(): number {
    return this.#numbers[this.#number++]!
  }

  #nextHash(): BlobHash {
    const start = this.#hash
    this.#hash += HASH_DIGITS
    return this.#hashes.slice(start, this.#hash) as BlobHash
  }
}
