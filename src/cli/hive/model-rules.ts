import { brokenModel } from "../../hive/model/byte-source.ts"
import { isLeftBehind } from "../../hive/model/left-behind.ts"
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

/** The source of what a model does without. */
const BUILT_IN = "of models"

/**
 * What of a model's folder travels: of its top only what was named, nothing being said of the rest; pickles and programs never. Links to plain files are followed,
 * since caches of models have nothing else; but to no secret by another name.
 */
export function modelRules(rules: DataRules, { only, needed }: ModelFiles): DataRules {
  return {
    ...rules,
    top: () => ({ ...rules.top([]), fingerprint: `model ${JSON.stringify([only, needed])}` }),
    decide: (folder, name, isFolder) => {
      const stays = (source: string) => ({ why: "ignored", rule: name, source, enterFor: false }) as const
      const isTop = folder.path === ""
      if (isTop && only !== null && !only.includes(name)) return stays("not named")
      if (!isFolder && isLeftBehind(name, isTop ? needed : [])) return stays(BUILT_IN)
      return rules.decide(folder, name, isFolder)
    },
    follows: (target) => !target.split(path.sep).some(isSecretName),
  }
}

/** Paths of what a model never brings along. */
export function leftBehind({ leftOut }: ScannedTree): readonly string[] {
  return leftOut.filter(({ source }) => source === BUILT_IN).map((one) => one.path)
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
