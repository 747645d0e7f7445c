import type { BlobHash } from "../protocol/ids.ts"
import { joinPath } from "./safe-path.ts"
import type { ScannedTree } from "./scanned-tree.ts"

export interface FolderSize {
  /** Relative; "" for files right in the scanned folder. */
  readonly path: string
  readonly bytes: number
}

/** What travels of a folder, itself and all below. */
interface Part {
  bytes: number
  readonly folders: Map<string, Part>
}

/** A folder that is nearly all of its parent is named in the parent's place. */
const NEARLY_ALL = 0.9

/**
 * The `count` folders that make up most of what travels, largest first, none inside another: where to look when too much
 * would travel.
 * @param hashes the blobs that travel; without, all of the scanned folder
 */
export function biggestFolders(scanned: ScannedTree, count: number, hashes?: ReadonlySet<BlobHash>): FolderSize[] {
  const top: Part = { bytes: 0, folders: new Map() }
  let own = 0
  for (const { path, bytes } of (hashes === undefined ? scanned : scanned.blobsOf(hashes)).sources.values()) {
    const folders = path
      .slice(scanned.folder.length + 1)
      .split("/")
      .slice(0, -1)
    if (folders.length === 0) own += bytes
    let part = top
    for (const name of folders) {
      const below = part.folders.get(name) ?? { bytes: 0, folders: new Map() }
      part.folders.set(name, below)
      below.bytes += bytes
      part = below
    }
  }
  const sizes: FolderSize[] = []
  const look = (part: Part, path: string): void => {
    for (const [name, below] of part.folders) {
      if (below.bytes === 0) continue
      const at = joinPath(path, name)
      if ([...below.folders.values()].some(({ bytes }) => bytes >= below.bytes * NEARLY_ALL)) look(below, at)
      else sizes.push({ path: at, bytes: below.bytes })
    }
  }
  look(top, "")
  if (own > 0) sizes.push({ path: "", bytes: own })
  return sizes.sort((a, b) => b.bytes - a.bytes).slice(0, count)
}
