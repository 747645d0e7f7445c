import type { FolderRecord } from "./folder-record.ts"
import { IncludeList } from "./include-list.ts"
import { joinPath } from "./safe-path.ts"
import { Slices } from "./slices.ts"

/**
 * Which of these paths and globs match nothing at all in the folder, neither a file nor a folder or link. As they were
 * given. Each is tried on all there is, so others are let run in between.
 */
export async function unmatched(
  patterns: readonly string[],
  record: FolderRecord,
  signal?: AbortSignal,
): Promise<string[]> {
  const slices = new Slices(10, signal)
  const missing: string[] = []
  for (const pattern of patterns) {
    if (!(await matches(new IncludeList([pattern]), record, "", slices))) missing.push(pattern)
  }
  return missing
}

async function matches(list: IncludeList, record: FolderRecord, folder: string, slices: Slices): Promise<boolean> {
  for (const entry of record.entries) {
    if (slices.spent) await slices.breathe()
    const path = joinPath(folder, entry.name)
    if (list.covers(path)) return true
    if (entry.kind !== "folder" || !list.reachesBelow(path)) continue
    if (await matches(list, entry, path, slices)) return true
  }
  return false
}
