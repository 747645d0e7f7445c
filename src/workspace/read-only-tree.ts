/**
 * A tree that many jobs read at once and none may write: files 0444 (0555 where the sender's could be run), folders 0555, and one
 * fixed time on every file. Files are hard links to their blobs, so that their bytes are there once. A job has the account that
 * owns all this, so it can open and change it after all; then numbers or that time have changed, which is found before the next
 * job gets the tree, and mended. One that also sets the time back is not found.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import type { BlobHash } from "../protocol/ids.ts"
import type { BlobFolder } from "./blob-folder.ts"
import { blobMissing } from "./blob-missing.ts"
import { diskError, errorCode, shownPath } from "./disk-error.ts"
import { removeTree } from "./remove-tree.ts"
import type { Slices } from "./slices.ts"
import { syncFiles } from "./sync-files.ts"
import { decodeChunkList, decodeTree, type FileEntry, type TreeEntry } from "./tree.ts"

/** 2000-01-01: an hour that no file written now has. */
const FILE_TIME_MS = 946_684_800_000
const FOLDER_MODE = 0o555
const COPY = fs.constants.COPYFILE_EXCL | fs.constants.COPYFILE_FICLONE

/** A whole file that lies on this disk already, verified. */
export interface Elsewhere {
  readonly path: string
  /** It is read-only data of ours, so that it may have another name; what is somebody's own is copied. */
  readonly isOurs: boolean
}

export type FindElsewhere = (entry: FileEntry) => Promise<Elsewhere | undefined>

/** Something that is not as it should be. */
export interface Flaw {
  /** Absolute. */
  readonly path: string
  /** `null`: nothing of that name belongs there. */
  readonly entry: TreeEntry | null
}

/**
 * What has to be made, so that `folder` holds the tree; folders stand before what is in them. `[]` means it is as it should be.
 * Reads no file.
 * @throws {WindfallError} blobs_missing for a tree object that is not here
 */
export async function findFlaws(root: BlobHash, folder: string, blobs: BlobFolder, slices: Slices): Promise<Flaw[]> {
  const flaws: Flaw[] = []
  const look = async (at: string, hash: BlobHash, mayBeThere: boolean): Promise<void> => {
    const entries = decodeTree(blobs.readSync(hash))
    const stat = mayBeThere ? fs.lstatSync(at, { throwIfNoEntry: false }) : undefined
    const isThere = stat?.isDirectory() === true
    if (!isThere || (stat.mode & 0o777) !== FOLDER_MODE) {
      flaws.push({ path: at, entry: { kind: "folder", name: path.basename(at), mode: FOLDER_MODE, hash } })
    }
    const names = isThere ? new Set(namesIn(at)) : new Set<string>()
    for (const entry of entries) {
      if (slices.spent) await slices.breathe()
      const below = `${at}/${entry.name}`
      const isNamed = names.delete(entry.name)
      if (entry.kind === "folder") await look(below, entry.hash, isNamed)
      else if (!isNamed || !isRight(below, entry)) flaws.push({ path: below, entry })
    }
    for (const name of names) flaws.push({ path: `${at}/${name}`, entry: null })
  }
  await look(folder, root, true)
  return flaws
}

/** What a job has closed counts as gone, and is made anew. */
function namesIn(folder: string): string[] {
  try {
    return fs.readdirSync(folder)
  } catch {
    return []
  }
}

function isRight(at: string, entry: TreeEntry): boolean {
  const stat = fs.lstatSync(at, { throwIfNoEntry: false })
  if (stat === undefined) return false
  if (entry.kind === "link") return stat.isSymbolicLink() && fs.readlinkSync(at) === entry.target
  if (entry.kind === "folder" || !stat.isFile()) return false
  return stat.size === entry.bytes && (stat.mode & 0o777) === fileMode(entry) && stat.mtimeMs === FILE_TIME_MS
}

function fileMode(entry: FileEntry): number {
  return (entry.mode & 0o100) === 0 ? 0o444 : 0o555
}

/**
 * Makes right what {@link findFlaws} has found; durable when it returns. Whoever reads a file that is replaced keeps the old one.
 * @param top the folder of the whole tree
 * @param elsewhere where else the whole file lies, verified, where its blob is not here
 * @throws {WindfallError} blobs_missing, disk_full; what is made by then stays
 */
export async function mendTree(
  flaws: readonly Flaw[],
  top: string,
  blobs: BlobFolder,
  elsewhere: FindElsewhere,
  slices: Slices,
): Promise<void> {
  const opened = new Set<string>()
  const written: string[] = []
  const open = (folder: string): void => {
    if (opened.has(folder)) return
    fs.chmodSync(folder, 0o755)
    opened.add(folder)
  }
  for (const { path: at, entry } of flaws) {
    if (slices.spent) await slices.breathe()
    const above = path.dirname(at)
    try {
      if (at !== top) open(above)
      if (entry?.kind === "folder") {
        makeFolder(at)
        open(at)
        continue
      }
      if (fs.lstatSync(at, { throwIfNoEntry: false }) !== undefined) await removeTree(at)
      if (entry === null) continue
      if (entry.kind === "link") fs.symlinkSync(entry.target, at)
      else if (await makeFile(at, entry, blobs, elsewhere, slices)) written.push(at)
    } catch (error) {
      throw diskError(error, `write ${shownPath(at)}`)
    }
  }
  await syncFiles([...written, ...opened])
  for (const folder of [...opened].reverse()) fs.chmodSync(folder, FOLDER_MODE)
}

function makeFolder(at: string): void {
  const stat = fs.lstatSync(at, { throwIfNoEntry: false })
  if (stat?.isDirectory() === true) return
  fs.rmSync(at, { force: true })
  fs.mkdirSync(at, 0o755)
}

/** Returns whether its bytes were written here, so that they are still to be synced. */
async function makeFile(
  at: string,
  entry: FileEntry,
  blobs: BlobFolder,
  elsewhere: FindElsewhere,
  slices: Slices,
): Promise<boolean> {
  const isLinked = await fill(at, entry, blobs, elsewhere, slices)
  fs.chmodSync(at, fileMode(entry))
  fs.utimesSync(at, FILE_TIME_MS / 1000, FILE_TIME_MS / 1000)
  if (fs.lstatSync(at).size === entry.bytes) return !isLinked
  throw blobs.dropDamaged(entry.hash)
}

async function fill(
  at: string,
  entry: FileEntry,
  blobs: BlobFolder,
  elsewhere: FindElsewhere,
  slices: Slices,
): Promise<boolean> {
  if (entry.bytes === 0) {
    fs.writeFileSync(at, "", { flag: "wx" })
    return false
  }
  const isHere = !entry.chunked && blobs.has(entry.hash)
  const source = isHere ? { path: blobs.path(entry.hash), isOurs: true } : await elsewhere(entry)
  // A copy of a pipe would wait for its writer.
  if (isHere && fs.lstatSync(blobs.path(entry.hash), { throwIfNoEntry: false })?.isFile() !== true) {
    throw blobs.dropDamaged(entry.hash)
  }
  if (source?.isOurs === true) return linkOrCopy(source.path, at, entry)
  // Where the file system can, both have the same bytes on the disk.
  if (source !== undefined) {
    await fs.promises.copyFile(source.path, at, COPY)
    return false
  }
  if (!entry.chunked) throw blobMissing(entry.hash)
  await using file = await fs.promises.open(at, "wx", 0o600)
  for (const chunk of decodeChunkList(blobs.readSync(entry.hash), entry.bytes)) {
    for await (const piece of blobs.open(chunk)) {
      await file.writeFile(piece)
      if (slices.spent) await slices.breathe()
    }
  }
  return false
}

/** A file that can be run has another mode than the blob's other names may need, and a file system bounds the names of one file. */
function linkOrCopy(source: string, at: string, entry: FileEntry): boolean {
  if (fileMode(entry) === 0o444) {
    try {
      fs.linkSync(source, at)
      return true
    } catch (error) {
      const code = errorCode(error)
      if (code !== "EMLINK" && code !== "EXDEV" && code !== "EPERM" && code !== "ENOTSUP") throw error
    }
  }
  fs.copyFileSync(source, at, COPY)
  return false
}
