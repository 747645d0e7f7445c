import * as path from "node:path"
import { joinPath } from "./safe-path.ts"
import type { ScannedTree } from "./scanned-tree.ts"

/** Links that point out of the scanned folder: they travel as they are, and point to something else on a host. */
export function leavingLinks(scanned: ScannedTree): { readonly path: string; readonly target: string }[] {
  const leaving: { path: string; target: string }[] = []
  for (const { path: at, entry } of scanned.entries()) {
    if (entry.kind !== "link") continue
    const { target } = entry
    const goal = path.posix.normalize(joinPath(path.posix.dirname(at), target))
    if (target.startsWith("/") || goal === ".." || goal.startsWith("../")) leaving.push({ path: at, target })
  }
  return leaving
}
