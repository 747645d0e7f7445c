import * as path from "node:path"
import type { FolderRecord } from "./folder-record.ts"
import { joinPath } from "./safe-path.ts"
import type { ScannedTree } from "./scanned-tree.ts"

/** Links that point out of the scanned folder: they travel as they are, and point to something else on a host. */
export function leavingLinks(scanned: ScannedTree): { readonly path: string; readonly target: string }[] {
  const leaving: { path: string; target: string }[] = []
  const look = (folder: FolderRecord, at: string): void => {
    for (const entry of folder.entries) {
      if (entry.kind === "folder") look(entry, joinPath(at, entry.name))
      if (entry.kind !== "link") continue
      const goal = path.posix.normalize(joinPath(at, entry.target))
      if (!entry.target.startsWith("/") && goal !== ".." && !goal.startsWith("../")) continue
      leaving.push({ path: joinPath(at, entry.name), target: entry.target })
    }
  }
  look(scanned.record, "")
  return leaving
}
