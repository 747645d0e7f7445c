import type { FolderRecord } from "./folder-record.ts"
import { joinPath } from "./safe-path.ts"
import type { ScannedTree } from "./scanned-tree.ts"

export interface FolderSize {
  /** Relative; "" for files right in the scanned folder. */
  readonly path: string
  readonly files: number
  readonly bytes: number
}

/** A folder that is nearly all of its parent is named in the parent's place. */
const NEARLY_ALL = 0.9

/**
 * The `count` folders that make up most of what travels, largest first, none inside another: where to look when too much
 * would travel.
 */
export function biggestFolders(scanned: ScannedTree, count: number): FolderSize[] {
  const sizes: FolderSize[] = []
  const look = (folder: FolderRecord, path: string): void => {
    for (const entry of folder.entries) {
      if (entry.kind !== "folder" || entry.bytes === 0) continue
      const at = joinPath(path, entry.name)
      const most = entry.entries.some((below) => below.kind === "folder" && below.bytes >= entry.bytes * NEARLY_ALL)
      if (most) look(entry, at)
      else sizes.push({ path: at, files: entry.files, bytes: entry.bytes })
    }
  }
  look(scanned.record, "")
  let own = { path: "", files: 0, bytes: 0 }
  for (const entry of scanned.record.entries) {
    if (entry.kind === "file") own = { path: "", files: own.files + 1, bytes: own.bytes + entry.bytes }
  }
  if (own.bytes > 0) sizes.push(own)
  return sizes.sort((a, b) => b.bytes - a.bytes).slice(0, count)
}
