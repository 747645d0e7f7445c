/**
 * Folder records as a file: small, quick to load, checked by a CRC, and of use to the very machine that wrote it only.
 * Numbers are little-endian here.
 */
import * as fs from "node:fs"
import { crc32 } from "node:zlib"
import type { EntryRecord, FileRecord, FolderRecord, LinkRecord } from "./folder-record.ts"
import { getHash, HASH_BYTES, putHash } from "./hash.ts"

const MAGIC = "WREC0001"
const HEAD_BYTES = 12

/** Writes a record with a note of up to 64 KiB (what it belongs to). */
export function encodeRecord(record: FolderRecord, note: string): Buffer {
  const writer = new Writer()
  writer.text(note)
  writer.folder(record)
  const body = writer.done()
  const whole = Buffer.allocUnsafe(HEAD_BYTES + body.length)
  whole.write(MAGIC, 0, "latin1")
  whole.writeUInt32LE(crc32(body), 8)
  body.copy(whole, HEAD_BYTES)
  return whole
}

/** Reads what {@link encodeRecord} wrote; `undefined` when it is damaged or of another version. */
export function decodeRecord(bytes: Buffer): { readonly note: string; readonly record: FolderRecord } | undefined {
  if (bytes.length < HEAD_BYTES || bytes.toString("latin1", 0, 8) !== MAGIC) return undefined
  const body = bytes.subarray(HEAD_BYTES)
  if (crc32(body) !== bytes.readUInt32LE(8)) return undefined
  const reader = new Reader(body)
  const note = reader.text()
  return { note, record: reader.folder() }
}

/** Reads a record file; `undefined` when there is none or it is no good. */
export function loadRecord(file: string): { readonly note: string; readonly record: FolderRecord } | undefined {
  try {
    return decodeRecord(fs.readFileSync(file))
  } catch {
    return undefined
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

const KIND = { file: 1, link: 2, folder: 3 } as const

class Writer {
  #buffer = Buffer.allocUnsafe(64 * 1024)
  #at = 0

  done(): Buffer {
    return this.#buffer.subarray(0, this.#at)
  }

  text(text: string): void {
    this.#room(2 + text.length * 3)
    const length = this.#buffer.write(text, this.#at + 2)
    this.#buffer.writeUInt16LE(length, this.#at)
    this.#at += 2 + length
  }

  folder(folder: FolderRecord): void {
    this.text(folder.name)
    this.text(folder.fingerprint)
    this.#room(2 + HASH_BYTES + 4)
    this.#at = this.#buffer.writeUInt16LE(folder.mode, this.#at)
    this.#hash(folder.hash)
    this.#at = this.#buffer.writeUInt32LE(folder.entries.length, this.#at)
    for (const entry of folder.entries) this.#entry(entry)
  }

  #entry(entry: EntryRecord): void {
    this.#room(1)
    this.#at = this.#buffer.writeUInt8(KIND[entry.kind], this.#at)
    if (entry.kind === "folder") {
      this.folder(entry)
      return
    }
    this.text(entry.name)
    if (entry.kind === "link") {
      this.text(entry.target)
      this.#room(16)
      this.#double(entry.ino)
      this.#double(entry.ctimeMs)
      return
    }
    this.#room(3 + 32 + HASH_BYTES + 4 + (entry.chunks?.length ?? 0) * HASH_BYTES)
    this.#at = this.#buffer.writeUInt8(entry.fresh ? 1 : 0, this.#at)
    this.#at = this.#buffer.writeUInt16LE(entry.mode, this.#at)
    this.#double(entry.bytes)
    this.#double(entry.ino)
    this.#double(entry.mtimeMs)
    this.#double(entry.ctimeMs)
    this.#hash(entry.hash)
    this.#at = this.#buffer.writeUInt32LE(entry.chunks?.length ?? 0, this.#at)
    for (const chunk of entry.chunks ?? []) this.#hash(chunk)
  }

  #double(value: number): void {
    this.#at = this.#buffer.writeDoubleLE(value, this.#at)
  }

  #hash(hash: FolderRecord["hash"]): void {
    putHash(this.#buffer, this.#at, hash)
    this.#at += HASH_BYTES
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#at + bytes))
    this.#buffer.copy(larger, 0, 0, this.#at)
    this.#buffer = larger
  }
}

class Reader {
  readonly #bytes: Buffer
  readonly #view: DataView
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  text(): string {
    const length = this.#view.getUint16(this.#at, true)
    const start = this.#at + 2
    this.#at = start + length
    return this.#bytes.toString("utf8", start, this.#at)
  }

  folder(): FolderRecord {
    const name = this.text()
    const fingerprint = this.text()
    const mode = this.#view.getUint16(this.#at, true)
    this.#at += 2
    const hash = this.#hash()
    const count = this.#view.getUint32(this.#at, true)
    this.#at += 4
    const entries: EntryRecord[] = []
    let files = 0
    let bytes = 0
    for (let i = 0; i < count; i++) {
      const kind = this.#view.getUint8(this.#at++)
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
    return { kind: "link", name, target, ino: this.#double(), ctimeMs: this.#double() }
  }

  #file(): FileRecord {
    const name = this.text()
    const fresh = this.#view.getUint8(this.#at) === 1
    const mode = this.#view.getUint16(this.#at + 1, true)
    this.#at += 3
    const bytes = this.#double()
    const ino = this.#double()
    const mtimeMs = this.#double()
    const ctimeMs = this.#double()
    const hash = this.#hash()
    const count = this.#view.getUint32(this.#at, true)
    this.#at += 4
    const chunks = count === 0 ? null : Array.from({ length: count }, () => this.#hash())
    return { kind: "file", name, mode, bytes, hash, chunked: count > 0, ino, mtimeMs, ctimeMs, chunks, fresh }
  }

  #double(): number {
    const value = this.#view.getFloat64(this.#at, true)
    this.#at += 8
    return value
  }

  #hash(): FolderRecord["hash"] {
    const hash = getHash(this.#bytes, this.#at)
    this.#at += HASH_BYTES
    return hash
  }
}
