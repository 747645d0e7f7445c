import * as fs from "node:fs"
import * as path from "node:path"
import { WindfallError } from "../protocol/errors.ts"
import { errorCode } from "./disk-error.ts"

export interface MakeFolderOptions {
  /** What cannot be done without the folder, as in "Cannot ...": "use /data" by default. */
  readonly doing?: string
  /** What to do where it cannot be made. */
  readonly hint: string
  /** Of the folders that are made; 0777, less the umask, by default. */
  readonly mode?: number
}

/**
 * Makes a folder, and those above it that are not there yet. One that is there stays as it is. One level at a time: Node's
 * recursive mkdir never returns where the system says ENOENT whatever is made, as in /proc.
 * Returns the topmost folder that was made, `undefined` when all were there.
 * @throws {WindfallError} invalid_input, disk_full
 */
export function makeFolder(folder: string, options: MakeFolderOptions): string | undefined {
  const { doing = `use ${folder}`, hint, mode = 0o777 } = options
  const refuse = (reason: string, cause?: unknown): WindfallError => {
    const full = errorCode(cause) === "ENOSPC" || errorCode(cause) === "EDQUOT"
    return new WindfallError(full ? "disk_full" : "invalid_input", `Cannot ${doing}: ${reason}`, { hint, cause })
  }
  /** Whether there is a folder. */
  const isThere = (at: string): boolean => {
    let stat: fs.Stats | undefined
    try {
      stat = fs.statSync(at, { throwIfNoEntry: false })
    } catch (error) {
      throw refuse(lookingProblem(error), error)
    }
    if (stat === undefined || stat.isDirectory()) return stat !== undefined
    throw refuse(at === path.resolve(folder) ? "it is no folder" : `${at} is no folder`)
  }
  const missing: string[] = []
  for (let at = path.resolve(folder); !isThere(at); at = path.dirname(at)) missing.push(at)
  for (const one of missing.reverse()) {
    try {
      fs.mkdirSync(one, { mode })
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw refuse(makingProblem(error, path.dirname(one)), error)
      // Somebody else was quicker, or it is a link to nothing.
      if (!isThere(one)) throw refuse(`${one} is a link to what is not there`, error)
    }
  }
  return missing[0]
}

/** As {@link makeFolder}, readable by this account alone. */
export function makePrivateFolder(folder: string, hint: string): string | undefined {
  return makeFolder(folder, { hint, mode: 0o700 })
}

function lookingProblem(error: unknown): string {
  switch (errorCode(error)) {
    case "EACCES":
      return "permission denied"
    case "ENAMETOOLONG":
      return "the name or path is too long for this system"
    case "ELOOP":
      return "a link in its path leads back to itself"
    default:
      return (error as Error).message
  }
}

function makingProblem(error: unknown, parent: string): string {
  const code = errorCode(error)
  if (code === "EACCES" || code === "EPERM") return `permission denied in ${parent}`
  if (code === "ENOSPC" || code === "EDQUOT") return `the disk of ${parent} is full`
  if (code === "ENAMETOOLONG") return lookingProblem(error)
  return `no folder can be made in ${parent}${code === "EROFS" ? ": it is read-only" : ""}`
}
