import * as fs from "node:fs"
import { WindfallError } from "../protocol/errors.ts"
import type { BlobHash } from "../protocol/ids.ts"
import type { BlobFolder } from "./blob-folder.ts"
import { blobMissing } from "./blob-missing.ts"
import { diskError, errorCode, shownPath } from "./disk-error.ts"
import { type EntryRecord, type FileRecord, type FolderRecord, recordFolder } from "./folder-record.ts"
import { readPlainFile } from "./read-plain-file.ts"
import { Slices } from "./slices.ts"
import { StatIndex } from "./stat-index.ts"
import { decodeChunkList, decodeTree, type FileEntry, type FolderEntry, type LinkEntry } from "./tree.ts"

/** Reading and writing is quicker than the calls around a copy up to about here. */
const WRITE_BYTES = 64 * 1024
/** Larger files are copied off the main thread. */
const COPY_BYTES = 4 * 1024 * 1024
const NEW_FILE = fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_EXCL | fs.constants.O_NOFOLLOW
/** Copy-on-write where the file system can (APFS, Btrfs, XFS); never over something that is there. */
const CLONE = fs.constants.COPYFILE_EXCL | fs.constants.COPYFILE_FICLONE

export interface MaterializeOptions {
  readonly signal?: AbortSignal | undefined
  /** How long the event loop may be held. @default 10 */
  readonly sliceMs?: number | undefined
}

/**
 * Lays a tree out in the new folder `into` (0700; its parent exists). Every file is a copy of its own, or a copy-on-write
 * clone: a job that writes into it changes nobody else's. All folders are made anew and files exclusively, so nothing is
 * ever written through a link. After an error `into` is half done: remove it.
 * @throws {WindfallError} blobs_missing (`details.missing`), disk_full, unsafe_path, corrupt_data
 */
export async function materializeTree(
  root: BlobHash,
  into: string,
  blobs: BlobFolder,
  options: MaterializeOptions = {},
): Promise<StatIndex> {
  const slices = new Slices(options.sliceMs ?? 10, options.signal)
  const top: FolderEntry = { kind: "folder", name: "", mode: 0o700, hash: root }
  return new StatIndex(await writeFolder(into, top, blobs, slices), Date.now())
}

/** Makes the new folder `path` with all that is in it. */
export async function writeFolder(
  path: string,
  folder: FolderEntry,
  blobs: BlobFolder,
  slices: Slices,
): Promise<FolderRecord> {
  const entries = decodeTree(blobs.readSync(folder.hash))
  try {
    fs.mkdirSync(path, 0o700)
  } catch (error) {
    throw cannotWrite(error, path)
  }
  const records: EntryRecord[] = []
  for (const entry of entries) {
    if (slices.spent) await slices.breathe()
    const at = `${path}/${entry.name}`
    if (entry.kind === "folder") records.push(await writeFolder(at, entry, blobs, slices))
    else if (entry.kind === "link") records.push(writeLink(at, entry))
    else
      records.push(
        entry.bytes <= WRITE_BYTES ? writeSmallFile(at, entry, blobs) : await writeFile(at, entry, blobs, slices),
      )
  }
  if (folder.mode !== 0o700) fs.chmodSync(path, folder.mode)
  return recordFolder(folder.name, folder.mode, records, "")
}

/** Makes a link that is not there yet. Where it points is the job's own business; it is never followed here. */
export function writeLink(path: string, link: LinkEntry): EntryRecord {
  try {
    fs.symlinkSync(link.target, path)
  } catch (error) {
    throw cannotWrite(error, path)
  }
  const { ino, ctimeMs } = fs.lstatSync(path)
  return { kind: "link", name: link.name, target: link.target, ino, ctimeMs }
}

/** Makes a file that is not there yet. */
export async function writeFile(path: string, file: FileEntry, blobs: BlobFolder, slices: Slices): Promise<FileRecord> {
  if (file.bytes <= WRITE_BYTES) return writeSmallFile(path, file, blobs)
  if (file.chunked) return writeChunks(path, file, blobs, slices)
  try {
    const source = blobs.path(file.hash)
    // A copy of a pipe would wait for its writer.
    if (!fs.lstatSync(source).isFile()) throw blobs.dropDamaged(file.hash)
    if (file.bytes <= COPY_BYTES) fs.copyFileSync(source, path, CLONE)
    else await fs.promises.copyFile(source, path, CLONE)
    fs.chmodSync(path, file.mode)
  } catch (error) {
    throw blobGone(error, file.hash, blobs) ?? cannotWrite(error, path)
  }
  return toRecord(file, fs.lstatSync(path), null, blobs)
}

function writeSmallFile(path: string, file: FileEntry, blobs: BlobFolder): FileRecord {
  let bytes: Uint8Array | undefined
  try {
    bytes = readPlainFile(blobs.path(file.hash))
  } catch (error) {
    throw blobGone(error, file.hash, blobs) ?? error
  }
  if (bytes === undefined) throw blobs.dropDamaged(file.hash)
  try {
    const target = fs.openSync(path, NEW_FILE, 0o600)
    try {
      for (let at = 0; at < bytes.length; ) at += fs.writeSync(target, bytes, at)
      fs.fchmodSync(target, file.mode)
      return toRecord(file, fs.fstatSync(target), null, blobs)
    } finally {
      fs.closeSync(target)
    }
  } catch (error) {
    throw cannotWrite(error, path)
  }
}

async function writeChunks(path: string, file: FileEntry, blobs: BlobFolder, slices: Slices): Promise<FileRecord> {
  const chunks = decodeChunkList(blobs.readSync(file.hash), file.bytes)
  try {
    await using target = await fs.promises.open(path, NEW_FILE, 0o600)
    for (const chunk of chunks) {
      for await (const piece of blobs.open(chunk)) {
        await target.writeFile(piece)
        if (slices.spent) await slices.breathe()
      }
    }
    await target.chmod(file.mode)
    return toRecord(file, await target.stat(), chunks, blobs)
  } catch (error) {
    throw cannotWrite(error, path)
  }
}

function toRecord(file: FileEntry, stat: fs.Stats, chunks: readonly BlobHash[] | null, blobs: BlobFolder): FileRecord {
  if (stat.size !== file.bytes) {
    // The blob was cut short by a crash: it has to be sent again.
    for (const hash of [file.hash, ...(chunks ?? [])]) blobs.drop(hash)
    throw blobMissing(file.hash)
  }
  const { ino, mtimeMs, ctimeMs } = stat
  const { name, mode, bytes, hash, chunked } = file
  return { kind: "file", name, mode, bytes, hash, chunked, ino, mtimeMs, ctimeMs, chunks, fresh: false }
}

function blobGone(error: unknown, hash: BlobHash, blobs: BlobFolder): unknown {
  if (errorCode(error) !== "ENOENT" || fs.existsSync(blobs.path(hash))) return undefined
  blobs.drop(hash)
  return blobMissing(hash)
}

function cannotWrite(error: unknown, path: string): unknown {
  if (errorCode(error) !== "EEXIST") return diskError(error, `write ${shownPath(path)}`)
  return new WindfallError("unsafe_path", `Cannot write ${path}: something of that name is there already`, {
    hint: "two names that differ only in case or in the spelling of accents are one on this disk",
    cause: error,
  })
}
