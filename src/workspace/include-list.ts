import { WindfallError } from "../protocol/errors.ts"
import { isGlob } from "../protocol/output-globs.ts"
import { Glob } from "./glob.ts"

/**
 * What `--include` names: paths relative to the scanned folder, or globs (a pattern without a slash then matches at any
 * depth, as in .gitignore). An included folder is included with all below it.
 */
export class IncludeList {
  /** All of it, for fingerprints. */
  readonly text: string
  /** What is named without a glob, normalised. */
  readonly paths: readonly string[]
  /** The globs, as they were given. */
  readonly globs: readonly string[]
  readonly #globs: readonly Glob[]
  readonly #globRoots: readonly string[]

  constructor(include: readonly string[]) {
    this.text = include.join("\0")
    const plain = include.map(normalise)
    this.globs = include.filter(isGlob)
    this.paths = plain.filter((pattern) => !isGlob(pattern))
    const globs = plain.filter(isGlob)
    this.#globs = globs.map((glob) => new Glob(glob))
    this.#globRoots = globs.map((glob) => {
      const parts = glob.replace(/^\//, "").split("/")
      if (parts.length === 1) return ""
      return parts.slice(0, parts.findIndex(isPattern)).join("/")
    })
  }

  /** Whether the path is included, itself or by a folder above it. */
  covers(path: string): boolean {
    return this.paths.some((at) => path === at || path.startsWith(`${at}/`)) || this.#firstEnd(path) !== undefined
  }

  /** Whether the path itself is named, not just a folder above it. */
  names(path: string): boolean {
    return this.paths.includes(path) || this.#firstEnd(path) === path.length
  }

  /** Whether something below this folder may be included. */
  reachesBelow(folder: string): boolean {
    return (
      this.paths.some((at) => at.startsWith(`${folder}/`)) ||
      this.#globRoots.some(
        (at) => at === "" || at === folder || at.startsWith(`${folder}/`) || folder.startsWith(`${at}/`),
      )
    )
  }

  /** How long the part of the path is that globs include, with all below it; of several globs for a part, the last decides. */
  #firstEnd(path: string): number | undefined {
    const included = new Map<number, boolean>()
    for (const glob of this.#globs) {
      for (const end of glob.ends(path)) included.set(end, !glob.negated)
    }
    let first: number | undefined
    for (const [end, isIncluded] of included) {
      if (isIncluded && (first === undefined || end < first)) first = end
    }
    return first
  }
}

/** Whether a part of a glob may stand for a name that is written otherwise. */
function isPattern(part: string): boolean {
  return isGlob(part) || part.includes("\\")
}

function normalise(include: string): string {
  const parts = include.split("/").filter((part) => part !== "" && part !== ".")
  if (include.startsWith("/") || parts.includes("..") || parts.length === 0) {
    throw new WindfallError(
      "invalid_input",
      `Cannot include ${JSON.stringify(include)}: it is not inside this folder`,
      {
        hint: "name a path below the folder that is sent",
      },
    )
  }
  return parts.join("/")
}
