import * as fs from "node:fs"
import * as path from "node:path"
import { errorCode } from "./disk-error.ts"

/**
 * Makes a folder, and those above it that are not there yet, with this mode. One level at a time: Node's recursive mkdir never
 * returns where the system says ENOENT whatever is made, as in /proc.
 * @throws what the system says, of the folder that could not be made
 */
export function makeFolders(folder: string, mode: number): void {
  try {
    fs.mkdirSync(folder, { mode })
    return
  } catch (error) {
    if (isFolder(folder)) return
    const parent = path.dirname(folder)
    if (errorCode(error) !== "ENOENT" || parent === folder) throw error
    makeFolders(parent, mode)
  }
  try {
    fs.mkdirSync(folder, { mode })
  } catch (error) {
    // Somebody else was quicker.
    if (!isFolder(folder)) throw error
  }
}

function isFolder(at: string): boolean {
  try {
    return fs.statSync(at).isDirectory()
  } catch {
    return false
  }
}
