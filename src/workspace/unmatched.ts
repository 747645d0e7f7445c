import type { FolderRecord } from "./folder-record.ts"
import { IncludeList } from "./include-list.ts"
import { joinPath } from "./safe-path.ts"

/** Which of these paths and globs match nothing at all in the folder, neither a file nor a folder or link. As they were given. */
export function unmatched(patterns: readonly string[], record: FolderRecord): string[] {
  return patterns.filter((pattern) => !matches(new IncludeList([pattern]), record, ""))
}

function matches(list: IncludeList, record: FolderRecord, folder: string): boolean {
  return record.entries.some((entry) => {
    const path = joinPath(folder, entry.name)
    return list.covers(path) || (entry.kind === "folder" && list.reachesBelow(path) && matches(list, entry, path))
  })
}
