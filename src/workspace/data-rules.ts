import { isSecretName, neverTravels } from "./built-in-rules.ts"
import type { WalkFilter } from "./folder-walk.ts"
import type { RuleHit } from "./ignore-rules.ts"
import { IncludeList } from "./include-list.ts"
import { joinPath } from "./safe-path.ts"

/** What holds in one folder of data. */
interface DataFolder {
  readonly path: string
  readonly fingerprint: string
  /** Inside a folder of secrets that is entered only for what was named below it. */
  readonly onlyIncluded: RuleHit | undefined
}

export interface DataRules extends WalkFilter<DataFolder, RuleHit> {
  readonly includes: IncludeList
}

/**
 * What of a folder of data travels: everything but what is made for one machine alone (.DS_Store and the like) and files of
 * secrets that `include` does not name. Ignore files say what does not belong to a project; of data the folder itself was named.
 */
export function dataRules(include: readonly string[] = []): DataRules {
  const includes = new IncludeList(include)
  return {
    includes,
    top: () => ({ path: "", fingerprint: `data without secrets ${includes.text}`, onlyIncluded: undefined }),
    enter: (parent, name, onlyIncluded) => {
      const mark = onlyIncluded === parent.onlyIncluded ? "" : " only included"
      return { path: joinPath(parent.path, name), fingerprint: parent.fingerprint + mark, onlyIncluded }
    },
    decide: (folder, name, isFolder) => {
      if (neverTravels(name)) return { why: "never", rule: name, source: "built in", enterFor: false }
      const at = joinPath(folder.path, name)
      const isSecret = isSecretName(name)
      if (isSecret ? includes.names(at) : includes.covers(at)) return undefined
      const hit: RuleHit | undefined = isSecret
        ? { why: "secret", rule: name, source: "built in" }
        : folder.onlyIncluded
      return hit && { ...hit, enterFor: isFolder && includes.reachesBelow(at) }
    },
  }
}
