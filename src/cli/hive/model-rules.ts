import { brokenModel } from "../../hive/model/byte-source.ts"
import { isSecretName } from "../../workspace/built-in-rules.ts"
import type { DataRules } from "../../workspace/data-rules.ts"
import type { ScannedTree } from "../../workspace/scanned-tree.ts"
import { path } from "../builtin.ts"

/** What of a folder is a model. */
export interface ModelFiles {
  /** Only these files of its top; `null`: the folder as it is. */
  readonly only: readonly string[] | null
  /** Files of its top without which it is no model: all whose headers were read. */
  readonly needed: readonly string[]
}

/**
 * What of a model's folder travels: of its top only what was named, nothing being said of the rest. Links to plain files are followed,
 * since caches of models have nothing else; but to no secret by another name.
 */
export function modelRules(rules: DataRules, { only }: ModelFiles): DataRules {
  return {
    ...rules,
    top: () => ({ ...rules.top([]), fingerprint: `model ${only === null ? "" : only.join("\0")}` }),
    decide: (folder, name, isFolder) =>
      folder.path !== "" || only === null || only.includes(name)
        ? rules.decide(folder, name, isFolder)
        : { why: "ignored", rule: name, source: "not named", enterFor: false },
    follows: (target) => !target.split(path.sep).some(isSecretName),
  }
}

/**
 * That a version has what its model is read from.
 * @throws {WindfallError} `invalid_input`
 */
export function requireFiles({ record }: ScannedTree, needed: readonly string[]): void {
  const files = new Set(record.entries.filter(({ kind }) => kind === "file").map(({ name }) => name))
  const lacks = needed.find((name) => !files.has(name))
  if (lacks === undefined) return
  throw brokenModel(lacks, "it cannot travel as a plain file", "Put the file itself in the place of the link")
}
