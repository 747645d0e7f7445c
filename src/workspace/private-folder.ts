import * as fs from "node:fs"
import * as path from "node:path"
import { WindfallError } from "../protocol/errors.ts"
import { errorCode } from "./disk-error.ts"

/**
 * Makes a folder, and those above it that are not there yet, readable by this account alone. One that is there stays as it
 * is. One level at a time: Node's recursive mkdir never returns where the system says ENOENT whatever is made, as in /proc.
 * Returns the topmost folder that was made, `undefined` when all were there.
 * @throws {WindfallError} invalid_input, disk_full
 */
export function makePrivateFolder(folder: string): string | undefined {
  const missing: string[] = []
  let at = path.resolve(folder)
  for (let stat = look(at, folder); stat === undefined; stat = look(at, folder)) {
    missing.push(at)
    at = path.dirname(at)
  }
  for (const one of missing.reverse()) {
    try {
      fs.mkdirSync(one, { mode: 0o700 })
    } catch (error) {
      // Somebody else was quicker.
      if (errorCode(error) !== "EEXIST") throw cannotUse(folder, makingProblem(error, path.dirname(one)), error)
    }
  }
  return missing[0]
}

/** The folder there, or `undefined` when there is nothing. */
function look(at: string, folder: string): fs.Stats | undefined {
  let stat: fs.Stats | undefined
  try {
    stat = fs.statSync(at, { throwIfNoEntry: false })
  } catch (error) {
    throw cannotUse(folder, (error as Error).message, error)
  }
  if (stat === undefined || stat.isDirectory()) return stat
  throw cannotUse(folder, at === path.resolve(folder) ? "it is no folder" : `${at} is no folder`)
}

function makingProblem(error: unknown, parent: string): string {
  const code = errorCode(error)
  if (code === "EACCES" || code === "EPERM") return `permission denied in ${parent}`
  if (code === "ENOSPC" || code === "EDQUOT") return `the disk of ${parent} is full`
  return `no folder can be made in ${parent}${code === "EROFS" ? ": it is read-only" : ""}`
}

function cannotUse(folder: string, reason: string, cause?: unknown): WindfallError {
  const full = errorCode(cause) === "ENOSPC" || errorCode(cause) === "EDQUOT"
  return new WindfallError(full ? "disk_full" : "invalid_input", `Cannot use ${folder}: ${reason}`, {
    hint: "Give another folder with --data",
    cause,
  })
}
