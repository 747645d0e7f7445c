import { existsSync, readdirSync, rmdirSync, rmSync } from "node:fs"
import { dirname, join } from "node:path"

/** What was there of a data folder before a start. */
export interface FoundFolder {
  /** Nothing of a server but the log in which this start says its words. */
  readonly isEmpty: boolean
  /** The outermost folder that was missing; `null` when none was. */
  readonly missing: string | null
}

const LOG = "server.log"
const LOCK = "lock"
/** A command line that was installed lies in the default folder, too. */
const INSTALLED = "cli"

/** Looks before anything is made. */
export function lookAtFolder(path: string): FoundFolder {
  let missing: string | null = null
  for (let at = path; !existsSync(at) && dirname(at) !== at; at = dirname(at)) missing = at
  try {
    return { isEmpty: readdirSync(path).every((name) => name === LOG || name === INSTALLED), missing }
  } catch {
    // What cannot be listed is nobody's to empty.
    return { isEmpty: missing !== null, missing }
  }
}

/**
 * Takes away what a start that failed has made in a folder with nothing in it. Called while the folder is still taken: the
 * lock goes last, so that no other server can have begun there.
 */
export function removeMadeFiles(path: string, found: FoundFolder): void {
  if (!found.isEmpty) return
  const names = readdirSync(path).filter((name) => ![LOG, LOCK, INSTALLED].includes(name))
  for (const name of [...names, LOCK]) rmSync(join(path, name), { recursive: true, force: true })
}

/** Takes away the folders themselves, as far as they were missing and are empty again. */
export function removeMadeFolders(path: string, { missing }: FoundFolder): void {
  if (missing === null) return
  try {
    for (let at = path; at.startsWith(missing); at = dirname(at)) rmdirSync(at)
  } catch {
    // It has the log in it, or was never made.
  }
}
