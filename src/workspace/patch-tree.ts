/** Turns one laid-out tree into another by touching only what differs: first a plan, which changes nothing, then the deed. */
import * as fs from "node:fs"
import type { BlobHash } from "../protocol/ids.ts"
import type { BlobFolder } from "./blob-folder.ts"
import { type EntryRecord, type FolderRecord, recordFolder } from "./folder-record.ts"
import { writeFile, writeFolder, writeLink } from "./materialize.ts"
import type { Slices } from "./slices.ts"
import { compareNames, decodeTree, type FolderEntry, type TreeEntry } from "./tree.ts"

/** What to do in one folder. */
interface FolderPlan {
  readonly folder: FolderEntry
  readonly record: FolderRecord
  readonly removals: readonly EntryRecord[]
  /** The entries to be, in order. */
  readonly steps: readonly Step[]
}
type Step =
  | { readonly does: "keep"; readonly record: EntryRecord }
  | { readonly does: "mode"; readonly record: EntryRecord; readonly mode: number }
  | { readonly does: "write"; readonly entry: TreeEntry }
  | { readonly does: "enter"; readonly plan: FolderPlan }

export interface PatchPlan {
  readonly top: FolderPlan
  /** Files and links that stay, and entries that differ: what tells whether patching beats laying out anew. */
  readonly kept: number
  readonly changed: number
}

/** Plans the way from what `record` says is on disk to the tree `root`. */
export function planPatch(record: FolderRecord, root: BlobHash, blobs: BlobFolder): PatchPlan {
  let changed = 0
  let touchedFiles = 0
  const plan = (before: FolderRecord, folder: FolderEntry): FolderPlan => {
    const removals: EntryRecord[] = []
    const steps: Step[] = []
    const known = before.entries
    let next = 0
    for (const entry of decodeTree(blobs.readSync(folder.hash))) {
      for (; next < known.length && compareNames(known[next]!.name, entry.name) < 0; next++) removals.push(known[next]!)
      const last = known[next]?.name === entry.name ? known[next++] : undefined
      const step = stepFor(last, entry)
      if (step === undefined && last !== undefined) removals.push(last)
      steps.push(step ?? { does: "write", entry })
      if (step === undefined) changed++
    }
    for (; next < known.length; next++) removals.push(known[next]!)
    for (const removal of removals) touchedFiles += removal.kind === "folder" ? removal.files : 1
    changed += removals.length
    return { folder, record: before, removals, steps }
  }
  const stepFor = (last: EntryRecord | undefined, entry: TreeEntry): Step | undefined => {
    if (last?.kind === "folder" && entry.kind === "folder") {
      if (last.hash === entry.hash && last.mode === entry.mode) return { does: "keep", record: last }
      if (last.hash === entry.hash) return { does: "mode", record: last, mode: entry.mode }
      return { does: "enter", plan: plan(last, entry) }
    }
    if (last?.kind === "link" && entry.kind === "link" && last.target === entry.target)
      return { does: "keep", record: last }
    if (last?.kind === "file" && entry.kind === "file" && last.hash === entry.hash) {
      return last.mode === entry.mode
        ? { does: "keep", record: last }
        : { does: "mode", record: last, mode: entry.mode }
    }
    return undefined
  }
  const top = plan(record, { kind: "folder", name: record.name, mode: record.mode, hash: root })
  return { top, kept: record.files - touchedFiles, changed }
}

/**
 * Whether most of the tree `from` is in `to`, so that it is worth patching once it is laid out. Looks only into folders that
 * differ, and counts equal ones as one entry: it costs no more than what has changed, and rather says no.
 */
export function isMostOf(from: BlobHash, to: BlobHash, blobs: BlobFolder): boolean {
  let kept = 0
  let changed = 0
  const compare = (before: BlobHash, after: BlobHash): void => {
    const known = new Map(decodeTree(blobs.readSync(before)).map((entry) => [entry.name, entry]))
    for (const entry of decodeTree(blobs.readSync(after))) {
      const last = known.get(entry.name)
      known.delete(entry.name)
      if (last !== undefined && isSame(last, entry)) kept++
      else if (last?.kind === "folder" && entry.kind === "folder") compare(last.hash, entry.hash)
      else changed++
    }
    changed += known.size
  }
  try {
    if (from !== to) compare(from, to)
  } catch {
    return false // what is missing or damaged is told by whoever lays it out
  }
  return kept >= changed
}

function isSame(one: TreeEntry, other: TreeEntry): boolean {
  if (one.kind === "link" || other.kind === "link") {
    return one.kind === "link" && other.kind === "link" && one.target === other.target
  }
  return one.kind === other.kind && one.hash === other.hash
}

/**
 * Carries the plan out in the folder at `path`, which must be as planned for. Removed folders are moved into `rubbish`, to be
 * removed later. After an error the folder is in between: remove it.
 */
export async function applyPatch(
  plan: PatchPlan,
  path: string,
  rubbish: () => string,
  blobs: BlobFolder,
  slices: Slices,
): Promise<FolderRecord> {
  const apply = async (at: string, { folder, record, removals, steps }: FolderPlan): Promise<FolderRecord> => {
    if ((record.mode & 0o300) !== 0o300) fs.chmodSync(at, record.mode | 0o700)
    for (const removal of removals) {
      const gone = `${at}/${removal.name}`
      if (removal.kind === "folder") {
        fs.chmodSync(gone, 0o700) // a read-only folder cannot be moved to another parent
        fs.renameSync(gone, rubbish())
      } else {
        fs.unlinkSync(gone)
      }
      if (slices.spent) await slices.breathe()
    }
    const entries: EntryRecord[] = []
    for (const step of steps) {
      if (slices.spent) await slices.breathe()
      entries.push(step.does === "keep" ? step.record : await carryOut(at, step))
    }
    if (folder.mode !== record.mode || (record.mode & 0o300) !== 0o300) fs.chmodSync(at, folder.mode)
    return recordFolder(folder.name, folder.mode, entries, "")
  }
  const carryOut = async (folder: string, step: Exclude<Step, { does: "keep" }>): Promise<EntryRecord> => {
    if (step.does === "enter") return apply(`${folder}/${step.plan.folder.name}`, step.plan)
    if (step.does === "mode") return changeMode(`${folder}/${step.record.name}`, step.record, step.mode)
    const at = `${folder}/${step.entry.name}`
    if (step.entry.kind === "folder") return writeFolder(at, step.entry, blobs, slices)
    return step.entry.kind === "link" ? writeLink(at, step.entry) : writeFile(at, step.entry, blobs, slices)
  }
  return apply(path, plan.top)
}

function changeMode(path: string, record: EntryRecord, mode: number): EntryRecord {
  if (record.kind === "link") return record
  fs.chmodSync(path, mode)
  if (record.kind === "folder") return { ...record, mode }
  return { ...record, mode, ctimeMs: fs.lstatSync(path).ctimeMs }
}
