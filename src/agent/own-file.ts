import { chmodSync, closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, renameSync } from "node:fs"
import { dirname } from "node:path"

/** What is larger was not written by Windfall: an order travels in one frame of at most a quarter of this. */
const MOST_TEXT_BYTES = 64 * 1024 * 1024
/** A path of Windfall's own, with its uppermost folder: what is above that is the account's. */
const OWN_PATH = /^(.+?)\/servers\/s[0-9a-z]{26}\//
/** A file that cannot be opened for one of these is not there, or something else is in its place. */
const NOT_THERE: ReadonlySet<string> = new Set([
  "ENOENT",
  "ENOTDIR",
  "EACCES",
  "EPERM",
  "EISDIR",
  "ELOOP",
  "ENXIO",
  "ENODEV",
])

/**
 * Does something with a path of Windfall's own. A job has the same account, so it can close what is not its to close: where
 * that is in the way, what is closed of the path and of the folders above it, up to Windfall's own, is opened and it is tried
 * once more.
 * @throws what `act` throws
 */
export function reopening<T>(path: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    if (systemCode(error) !== "EACCES") throw error
    reopen(path)
    return act()
  }
}

function reopen(path: string): void {
  const folder = dirname(path)
  const top = OWN_PATH.exec(path)?.[1]
  // The uppermost first: below a closed folder nothing can be opened.
  const chain = top === undefined ? [dirname(folder), folder, path] : chainTo(top, path)
  for (const one of chain) {
    try {
      const found = lstatSync(one)
      const own = found.isDirectory() ? 0o700 : 0o600
      if ((found.mode & own) !== own && !found.isSymbolicLink()) chmodSync(one, own)
    } catch {
      // Not there, or another account's: what is tried next says so.
    }
  }
}

/** The folders from `top` down to `path`, both included. */
function chainTo(top: string, path: string): string[] {
  return path === top ? [top] : [...chainTo(top, dirname(path)), path]
}

/**
 * Opens a file for reading, or returns `null` when no file is there or it cannot be read whatever its modes. Never waits, as
 * opening a pipe would. Errors that are not the file's (no more descriptors...) are thrown.
 */
export function openIfThere(path: string): number | null {
  let file: number
  try {
    file = reopening(path, () => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK))
  } catch (error) {
    if (NOT_THERE.has(systemCode(error))) return null
    throw error
  }
  if (fstatSync(file).isFile()) return file
  closeSync(file)
  return null
}

/** The file's text, or `null` where {@link openIfThere} says so or it is too large to be one of Windfall's. */
export function readIfThere(path: string): string | null {
  const file = openIfThere(path)
  if (file === null) return null
  try {
    return fstatSync(file).size > MOST_TEXT_BYTES ? null : readFileSync(file, "utf8")
  } finally {
    closeSync(file)
  }
}

/** Renames a folder that stands where a file is to be written. Whatever else is there gives way by itself. */
export function clearWay(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    renameSync(path, `${path}.in-the-way.${process.pid}.${Date.now()}`)
  }
}

/** The system's error code of something thrown: "ENOENT", "ENOSPC"...; "" for anything else. */
export function systemCode(thrown: unknown): string {
  const code = (thrown as { code?: unknown } | null | undefined)?.code
  return typeof code === "string" ? code : ""
}
