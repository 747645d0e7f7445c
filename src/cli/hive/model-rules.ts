import { brokenModel } from "../../hive/model/byte-source.ts"
import { isLeftBehind } from "../../hive/model/left-behind.ts"
import type { DataRules } from "../../workspace/data-rules.ts"
import type { ScannedTree } from "../../workspace/scanned-tree.ts"
import { fs, path } from "../builtin.ts"
import { isFollowed, leadsOut, linkedFile, linkOut } from "./model-links.ts"

/** What of a folder is a model. */
export interface ModelFiles {
  /** Only these files of its top; `null`: the folder as it is. */
  readonly only: readonly string[] | null
  /** Files of its top without which it is no model: all that were read of it, and its tokenizer. */
  readonly needed: readonly string[]
  /** Those of them whose headers were read and checked as weights. */
  readonly weights: readonly string[]
}

/** The source of what a model does without. */
const BUILT_IN = "of models"
/** The source of links to what nobody named. */
const LINKS = "of links"

/**
 * What of a model's folder travels: of its top only what was named, nothing being said of the rest; pickles and programs never. Links to plain files are followed,
 * since caches of models have nothing else, where {@link isFollowed} says so; others that lead out of the folder stay behind.
 */
export function modelRules(rules: DataRules, folder: string, { only, needed, weights }: ModelFiles): DataRules {
  const root = fs.realpathSync(folder)
  const follows = (target: string, link: string) =>
    isFollowed(root, target, weights.includes(path.relative(root, link)))
  const staysOut = (full: string) => {
    if (!leadsOut(root, full)) return false
    const target = linkedFile(full)
    return target === undefined || !follows(target, full)
  }
  return {
    ...rules,
    top: () => ({ ...rules.top([]), fingerprint: `model ${JSON.stringify([only, needed, weights])}` }),
    decide: (folder, name, isFolder) => {
      const stays = (source: string) => ({ why: "ignored", rule: name, source, enterFor: false }) as const
      const isTop = folder.path === ""
      if (isTop && only !== null && !only.includes(name)) return stays("not named")
      if (!isFolder && isLeftBehind(name, isTop ? needed : [])) return stays(BUILT_IN)
      const verdict = rules.decide(folder, name, isFolder)
      if (verdict !== undefined || isFolder) return verdict
      return staysOut(path.join(root, folder.path, name)) ? stays(LINKS) : undefined
    },
    follows,
  }
}

/** Paths of what a model never brings along. */
export function leftBehind({ leftOut }: ScannedTree): readonly string[] {
  return leftOut.filter(({ source }) => source === BUILT_IN).map((one) => one.path)
}

/** Paths of links that were not followed, as they lead out of the folder. */
export function linksOut({ leftOut }: ScannedTree): readonly string[] {
  return leftOut.filter(({ source }) => source === LINKS).map((one) => one.path)
}

/**
 * That a version has what its model is read from.
 * @throws {WindfallError} `invalid_input`
 */
export function requireFiles(scanned: ScannedTree, needed: readonly string[]): void {
  const files = new Set(scanned.record.entries.filter(({ kind }) => kind === "file").map(({ name }) => name))
  const lacks = needed.find((name) => !files.has(name))
  if (lacks === undefined) return
  if (linksOut(scanned).includes(lacks)) throw linkOut(lacks)
  throw brokenModel(lacks, "it is gone, or cannot travel as a plain file", "Put the file itself there")
}
