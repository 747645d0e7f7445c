/**
 * What is known of a folder on disk: its entries with their hashes, and for files the numbers by which a change is noticed
 * without reading them. Records have the shape of tree entries, so encodeTree() takes them as they are.
 */
import type { Stats } from "node:fs"
import type { BlobHash } from "../protocol/ids.ts"
import { hashBytes } from "./hash.ts"
import { EMPTY_TREE, encodeTree, type FileEntry, type FolderEntry, type LinkEntry } from "./tree.ts"

export interface FileRecord extends FileEntry {
  readonly ino: number
  readonly mtimeMs: number
  readonly ctimeMs: number
  /** The chunks' hashes when `chunked`, else `null`. */
  readonly chunks: readonly BlobHash[] | null
  /** Read so soon after its last change that a further change may carry the same time: not to be trusted next time. */
  readonly fresh: boolean
}
export interface LinkRecord extends LinkEntry {
  readonly ino: number
  readonly ctimeMs: number
}
export interface FolderRecord extends FolderEntry {
  /** Ascending by name, as in the tree object. */
  readonly entries: readonly EntryRecord[]
  /** Of the rules by which these entries were chosen. */
  readonly fingerprint: string
  /** In it and below. */
  readonly files: number
  readonly bytes: number
}
export type EntryRecord = FileRecord | LinkRecord | FolderRecord

/** Kernel timestamps move in steps of up to 10 ms on Linux; APFS has nanoseconds. */
const STEP_MS = 50
/** Some file systems keep whole seconds only (HFS+) or even every other one (FAT). */
const COARSE_STEP_MS = 2000

/** Whether a file with these times may change after `readAtMs` (wall clock) without its times showing it. */
export function isFresh(stat: { mtimeMs: number; ctimeMs: number }, readAtMs: number): boolean {
  const whole = stat.ctimeMs % 1000 === 0 && stat.mtimeMs % 1000 === 0
  return stat.ctimeMs >= readAtMs - (whole ? COARSE_STEP_MS : STEP_MS)
}

/**
 * Whether the file is surely as it was when `record` was made. ctime is in it because, unlike mtime, nobody can set it
 * back. Milliseconds as doubles resolve a quarter of a microsecond, finer than any kernel's clock tick.
 */
export function isUnchanged(record: FileRecord, stat: Stats): boolean {
  return (
    !record.fresh &&
    record.ctimeMs === stat.ctimeMs &&
    record.mtimeMs === stat.mtimeMs &&
    record.bytes === stat.size &&
    record.ino === stat.ino
  )
}

/** Makes a folder's record from its sorted entries; its hash is taken from `previous` when nothing in it differs. */
export function recordFolder(
  name: string,
  mode: number,
  entries: readonly EntryRecord[],
  fingerprint: string,
  previous?: FolderRecord,
): FolderRecord {
  let identical = previous !== undefined && previous.entries.length === entries.length
  let equal = identical
  let files = 0
  let bytes = 0
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i]!
    if (entry.kind === "file") {
      files++
      bytes += entry.bytes
    } else if (entry.kind === "folder") {
      files += entry.files
      bytes += entry.bytes
    }
    if (!equal || entry === previous?.entries[i]) continue
    identical = false
    equal = isSameEntry(entry, previous?.entries[i])
  }
  if (identical && previous?.name === name && previous.mode === mode && previous.fingerprint === fingerprint) {
    return previous
  }
  let hash: BlobHash
  if (equal && previous !== undefined) hash = previous.hash
  else hash = entries.length === 0 ? EMPTY_TREE : hashBytes(encodeTree(entries))
  return { kind: "folder", name, mode, hash, entries, fingerprint, files, bytes }
}

/** Whether two entries are written the same in a tree object. */
export function isSameEntry(a: EntryRecord, b: EntryRecord | undefined): boolean {
  if (a === b) return true
  if (b === undefined || a.kind !== b.kind || a.name !== b.name) return false
  if (a.kind === "link") return a.target === (b as LinkRecord).target
  return a.mode === (b as FileRecord | FolderRecord).mode && a.hash === (b as FileRecord | FolderRecord).hash
}

/** The record of an empty folder. */
export const EMPTY_FOLDER: FolderRecord = recordFolder("", 0o700, [], "")
