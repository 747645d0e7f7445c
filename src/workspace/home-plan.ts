/** Decides, before anything is written, what becomes of each output at home. Nothing that changed here is overwritten. */
import * as fs from "node:fs"
import { WindfallError } from "../protocol/errors.ts"
import type { BlobHash, JobId } from "../protocol/ids.ts"
import { errorCode } from "./disk-error.ts"
import type { FetchedObjects } from "./fetch-trees.ts"
import type { FileRecord } from "./folder-record.ts"
import { hashFile } from "./hash-file.ts"
import { joinPath, meansGitFolder } from "./safe-path.ts"
import type { Slices } from "./slices.ts"
import { decodeTree, type FileEntry, type LinkEntry, type TreeEntry } from "./tree.ts"

/** Where one output goes. Paths are relative to the folder it all comes home to. */
export interface HomeFile {
  readonly path: string
  readonly entry: FileEntry
  /** The file here that may be replaced, because it is as it was sent. */
  readonly replaces: FileRecord | undefined
}

/** What kind of thing stands at a path. */
export type HereKind = "file" | "folder" | "link" | "special file"

export interface SetAside {
  readonly path: string
  readonly as: string
  /** What is here where the job has something of another kind: whose change that was, nobody knows. */
  readonly here?: HereKind
}

export interface HomePlan {
  /** New folders, outer ones first. */
  readonly folders: { readonly path: string; readonly mode: number }[]
  readonly files: HomeFile[]
  readonly links: { readonly path: string; readonly entry: LinkEntry; readonly replaces: string | undefined }[]
  /** Files here that are as the job left them, but for the mode. */
  readonly modes: { readonly path: string; readonly mode: number }[]
  readonly kept: string[]
  readonly setAside: SetAside[]
  readonly refused: { readonly path: string; readonly reason: string; readonly waits: boolean }[]
  /** Folders whose tree object was not to be had: nobody knows what was in them. */
  readonly lost: string[]
}

/**
 * Plans how the tree `root` comes home to the folder `into`.
 * @param base the tree that was sent, where known: a file here is as it was sent when its hash is the one in there
 */
export async function planHome(
  root: BlobHash,
  base: BlobHash | null,
  into: string,
  job: JobId,
  objects: FetchedObjects,
  slices: Slices,
): Promise<HomePlan> {
  const plan: HomePlan = { folders: [], files: [], links: [], modes: [], kept: [], setAside: [], refused: [], lost: [] }

  const planFolder = async (tree: BlobHash, sentTree: BlobHash | null, folder: string): Promise<void> => {
    const sent = new Map<string, TreeEntry>()
    if (sentTree !== null && objects.has(sentTree)) {
      for (const entry of decodeTree(objects.read(sentTree))) sent.set(entry.name, entry)
    }
    for (const entry of decodeTree(objects.read(tree))) {
      if (slices.spent) await slices.breathe()
      const path = joinPath(folder, entry.name)
      if (meansGitFolder(entry.name)) {
        plan.refused.push({ path, reason: "git's own folder is never written", waits: false })
        continue
      }
      const last = sent.get(entry.name)
      const here = lookAt(joinPath(into, path))
      if (entry.kind === "folder" && !objects.has(entry.hash)) {
        plan.lost.push(path)
      } else if (entry.kind === "folder") {
        await planSubfolder(entry.hash, entry.mode, last?.kind === "folder" ? last.hash : null, folder, path, here)
      } else if (entry.kind === "link") {
        planLink(entry, last, folder, path, here)
      } else {
        await planFile(entry, last, folder, path, here)
      }
    }
  }

  const planSubfolder = async (
    tree: BlobHash,
    mode: number,
    sentTree: BlobHash | null,
    folder: string,
    path: string,
    here: fs.Stats | undefined,
  ): Promise<void> => {
    if (here?.isDirectory()) return planFolder(tree, sentTree, path)
    if (here?.isSymbolicLink()) {
      plan.refused.push({ path, reason: "it is a link here, and nothing is written through links", waits: true })
      return
    }
    let at = path
    if (here !== undefined) {
      at = joinPath(folder, freeName(joinPath(into, folder), baseName(path), job))
      plan.setAside.push({ path, as: at, ...otherKind(here, "folder") })
    }
    plan.folders.push({ path: at, mode })
    await planFolder(tree, null, at)
  }

  const planLink = (
    entry: LinkEntry,
    sent: TreeEntry | undefined,
    folder: string,
    path: string,
    here: fs.Stats | undefined,
  ): void => {
    const target = here?.isSymbolicLink() ? fs.readlinkSync(joinPath(into, path)) : undefined
    if (target === entry.target) plan.kept.push(path)
    else if (here === undefined) plan.links.push({ path, entry, replaces: undefined })
    else if (target !== undefined && sent?.kind === "link" && sent.target === target) {
      plan.links.push({ path, entry, replaces: target })
    } else {
      const as = joinPath(folder, freeName(joinPath(into, folder), entry.name, job))
      plan.setAside.push({ path, as, ...otherKind(here, "link") })
      plan.links.push({ path: as, entry, replaces: undefined })
    }
  }

  const planFile = async (
    entry: FileEntry,
    sent: TreeEntry | undefined,
    folder: string,
    path: string,
    here: fs.Stats | undefined,
  ): Promise<void> => {
    if (here === undefined) {
      plan.files.push({ path, entry, replaces: undefined })
      return
    }
    const sentFile = sent?.kind === "file" ? sent : undefined
    if (here.isFile() && (here.size === entry.bytes || here.size === sentFile?.bytes)) {
      const record = await hashFile(joinPath(into, path), entry.name, path, slices)
      if (record.hash === entry.hash) {
        plan.kept.push(path)
        if (record.mode !== entry.mode && record.mode === sentFile?.mode) plan.modes.push({ path, mode: entry.mode })
        return
      }
      if (record.hash === sentFile?.hash) {
        plan.files.push({ path, entry, replaces: record })
        return
      }
    }
    const as = await asideFor(entry, folder)
    plan.setAside.push({ path, as: as.path, ...otherKind(here, "file") })
    if (!as.there) plan.files.push({ path: as.path, entry, replaces: undefined })
  }

  /** `name.JOB`, or the copy that an earlier try has already set aside. */
  const asideFor = async (entry: FileEntry, folder: string): Promise<{ path: string; there: boolean }> => {
    for (let number = 1; ; number++) {
      const path = joinPath(folder, asideName(entry.name, job, number))
      const here = lookAt(joinPath(into, path))
      if (here === undefined) return { path, there: false }
      if (!here.isFile() || here.size !== entry.bytes) continue
      if ((await hashFile(joinPath(into, path), entry.name, path, slices)).hash === entry.hash)
        return { path, there: true }
    }
  }

  await planFolder(root, base, "")
  return plan
}

/** The name under which the output of a job stands beside a file that changed here: `model.pt.17`, then `model.pt.17-2`. */
export function asideName(name: string, job: JobId, number: number): string {
  const ending = number === 1 ? `.${job}` : `.${job}-${number}`
  let start = name
  while (Buffer.byteLength(start) + ending.length > 255) start = [...start].slice(0, -1).join("")
  return start + ending
}

/** The first such name that is not taken. */
export function freeName(folder: string, name: string, job: JobId): string {
  for (let number = 1; ; number++) {
    const free = asideName(name, job, number)
    if (lookAt(joinPath(folder, free)) === undefined) return free
  }
}

function lookAt(path: string): fs.Stats | undefined {
  try {
    return fs.lstatSync(path, { throwIfNoEntry: false })
  } catch (error) {
    if (errorCode(error) === "ENAMETOOLONG") {
      throw new WindfallError("unsafe_path", `Cannot bring ${path} home: the name is too long for this system`)
    }
    throw error
  }
}

function otherKind(here: fs.Stats, made: HereKind): { here?: HereKind } {
  const kind = here.isFile() ? "file" : here.isDirectory() ? "folder" : here.isSymbolicLink() ? "link" : "special file"
  return kind === made ? {} : { here: kind }
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1)
}
