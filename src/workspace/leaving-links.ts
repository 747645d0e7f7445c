import * as path from "node:path"
import type { FolderRecord } from "./folder-record.ts"
import type { ScannedTree } from "./scanned-tree.ts"

/**
 * Links that point out of the scanned folder: they travel as they are, and point to something else on a host. With `since`,
 * only those that are not as they were in that scan.
 */
export function leavingLinks(
  scanned: ScannedTree,
  since?: FolderRecord,
): { readonly path: string; readonly target: string }[] {
  const leaving: { path: string; target: string }[] = []
  for (const { path: at, entry } of scanned.entries(since)) {
    if (entry.kind !== "link") continue
    const goal = path.posix.join(path.posix.dirname(at), entry.target)
    if (!entry.target.startsWith("/") && goal !== ".." && !goal.startsWith("../")) continue
    leaving.push({ path: at, target: entry.target })
  }
  return leaving
}
