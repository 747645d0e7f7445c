import { brokenModel } from "../../hive/model/byte-source.ts"
import { isSecretName } from "../../workspace/built-in-rules.ts"
import { fs, path } from "../builtin.ts"

/** What a link that leads out of a model's folder is, as the end of a sentence about it. */
export const LEADS_OUT = "a link that leads out of the folder"

/**
 * Whether a link of a model's folder travels as the plain file it leads to: one within the folder, or a blob of the same repository in
 * a cache of Hugging Face, or weights whose header was read. Whatever else a link leads to was not named by whoever named the folder.
 * @param root the folder's real path
 * @param target the file's real path
 * @param isWeights whether the link is a file of weights, and its header was read through it
 */
export function isFollowed(root: string, target: string, isWeights: boolean): boolean {
  if (target.split(path.sep).some(isSecretName)) return false
  return isWeights || isWithin(root, target) || path.dirname(target) === blobsBeside(root)
}

/**
 * Whether what lies at `full` is a link that leads out of the folder, to whatever; one to nothing leads where it would.
 * @param root the folder's real path
 */
export function leadsOut(root: string, full: string): boolean {
  if (fs.lstatSync(full, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return false
  try {
    return !isWithin(root, fs.realpathSync(full))
  } catch {
    return !isWithin(root, path.resolve(path.dirname(full), fs.readlinkSync(full)))
  }
}

/**
 * That none of these files of a folder's top is a link that is not followed: before it is read, so that nothing of what it leads to is
 * in an error.
 * @throws {WindfallError} `invalid_input`
 */
export function refuseLinksOut(folder: string, names: readonly string[]): void {
  const root = fs.realpathSync(folder)
  const out = names.find((name) => {
    const target = linkedFile(path.join(root, name))
    return target !== undefined && leadsOut(root, path.join(root, name)) && !isFollowed(root, target, false)
  })
  if (out !== undefined) throw linkOut(out)
}

export function linkOut(name: string): Error {
  return brokenModel(name, `it is ${LEADS_OUT}`, "Put the file itself in the place of the link")
}

/** Where a link that leads to nothing would lead, as it says; `undefined` for whatever else. */
export function targetOfNothing(full: string): string | undefined {
  try {
    return fs.lstatSync(full).isSymbolicLink() && !fs.existsSync(full) ? fs.readlinkSync(full) : undefined
  } catch {
    return undefined
  }
}

/** The real path of the plain file that a link leads to; `undefined` where there is none, or nobody may look. */
export function linkedFile(full: string): string | undefined {
  try {
    const target = fs.realpathSync(full)
    return fs.lstatSync(target).isFile() ? target : undefined
  } catch {
    return undefined
  }
}

function isWithin(root: string, full: string): boolean {
  const way = path.relative(root, full)
  return way.split(path.sep)[0] !== ".." && !path.isAbsolute(way)
}

/**
 * Where a cache of Hugging Face keeps the files of `snapshots/REVISION` and what is below it (huggingface_hub, "Understand caching");
 * `undefined` for other folders.
 */
function blobsBeside(root: string): string | undefined {
  for (let at = root; at !== path.dirname(at); at = path.dirname(at)) {
    const above = path.dirname(at)
    if (path.basename(above) === "snapshots") return path.join(path.dirname(above), "blobs")
  }
  return undefined
}
