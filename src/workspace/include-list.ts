import ignore, { type Ignore } from "ignore"
import { WindfallError } from "../protocol/errors.ts"

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
  readonly #globs: Ignore | undefined
  readonly #globRoots: readonly string[]

  constructor(include: readonly string[]) {
    this.text = include.join("\0")
    const plain = include.map(normalise)
    this.globs = include.filter(isGlob)
    this.paths = plain.filter((pattern) => !isGlob(pattern))
    const globs = plain.filter(isGlob)
    this.#globs = globs.length === 0 ? undefined : ignore({ ignoreCase: false }).add(globs)
    this.#globRoots = globs.map((glob) => {
      const parts = glob.replace(/^\//, "").split("/")
      if (parts.length === 1) return ""
      return parts.slice(0, parts.findIndex(isGlob)).join("/")
    })
  }

  /** Whether the path is included, itself or by a folder above it. */
  covers(path: string): boolean {
    return this.paths.some((at) => path === at || path.startsWith(`${at}/`)) || this.#globs?.ignores(path) === true
  }

  /** Whether the path itself is named, not just a folder above it. */
  names(path: string): boolean {
    if (this.paths.includes(path)) return true
    if (this.#globs?.ignores(path) !== true) return false
    const parent = path.slice(0, path.lastIndexOf("/") + 1)
    return parent === "" || !this.#globs.ignores(parent)
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
}

function isGlob(pattern: string): boolean {
  return /[*?[]/.test(pattern)
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
