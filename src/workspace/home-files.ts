/** Puts what came home in its place, never over something that changed here, never through a link. */
import * as fs from "node:fs"
import { WindfallError } from "../protocol/errors.ts"
import type { JobId } from "../protocol/ids.ts"
import { diskError, errorCode } from "./disk-error.ts"
import type { FileRecord } from "./folder-record.ts"
import { hashFile } from "./hash-file.ts"
import { asideName, freeName, type HomeFile, type HomePlan } from "./home-plan.ts"
import { joinPath } from "./safe-path.ts"
import type { Slices } from "./slices.ts"

/**
 * Moves a finished file to its place and returns the path it got: another one when something came in between, unless that is
 * the very same file, as when another transfer brings it too.
 */
export async function placeFile(
  home: string,
  file: HomeFile,
  from: string,
  job: JobId,
  slices: Slices,
): Promise<string> {
  const folder = file.path.slice(0, Math.max(0, file.path.lastIndexOf("/")))
  checkParents(home, folder)
  const target = joinPath(home, file.path)
  try {
    if (file.replaces !== undefined && isStill(target, file.replaces)) {
      replaceBy(target, from)
      return file.path
    }
    if (file.replaces === undefined || fs.lstatSync(target, { throwIfNoEntry: false }) === undefined) {
      if (moveIfFree(from, target)) return file.path
    }
    if (await isThere(target, file, slices)) return file.path
    for (let number = 1; ; number++) {
      const as = joinPath(folder, asideName(file.entry.name, job, number))
      if (moveIfFree(from, joinPath(home, as)) || (await isThere(joinPath(home, as), file, slices))) return as
    }
  } catch (error) {
    throw diskError(error, `write ${file.path}`)
  }
}

/** A hard link is the one way to move a file that fails when the name is taken; where there are none, an exclusive copy. */
function moveIfFree(from: string, target: string): boolean {
  try {
    fs.linkSync(from, target)
  } catch (error) {
    const code = errorCode(error)
    if (code === "EEXIST") return false
    if (code === "ENOENT" || code === "ENOSPC" || code === "ENAMETOOLONG") throw error
    try {
      fs.copyFileSync(from, target, fs.constants.COPYFILE_EXCL | fs.constants.COPYFILE_FICLONE)
    } catch (copyError) {
      if (errorCode(copyError) === "EEXIST") return false
      throw copyError
    }
    fs.chmodSync(target, fs.statSync(from).mode & 0o777)
  }
  fs.unlinkSync(from)
  return true
}

function replaceBy(target: string, from: string): void {
  try {
    fs.renameSync(from, target)
  } catch (error) {
    if (errorCode(error) !== "EXDEV") throw error
    // A folder below is on another disk: copy there first, then swap.
    const near = `${target}.windfall-part`
    fs.rmSync(near, { force: true })
    fs.copyFileSync(from, near, fs.constants.COPYFILE_EXCL)
    fs.chmodSync(near, fs.statSync(from).mode & 0o777)
    fs.renameSync(near, target)
    fs.unlinkSync(from)
  }
}

async function isThere(path: string, { entry }: HomeFile, slices: Slices): Promise<boolean> {
  const stat = fs.lstatSync(path, { throwIfNoEntry: false })
  if (stat?.isFile() !== true || stat.size !== entry.bytes) return false
  try {
    return (await hashFile(path, entry.name, path, slices)).hash === entry.hash
  } catch (error) {
    // Being written to, or not to be read: another file.
    if (error instanceof WindfallError) return false
    throw error
  }
}

function isStill(path: string, record: FileRecord): boolean {
  const stat = fs.lstatSync(path, { throwIfNoEntry: false })
  return (
    stat?.isFile() === true &&
    stat.ino === record.ino &&
    stat.size === record.bytes &&
    stat.mtimeMs === record.mtimeMs &&
    stat.ctimeMs === record.ctimeMs
  )
}

/** Makes a link in its place and returns the path it got. */
export function placeLink(home: string, { path, entry, replaces }: HomePlan["links"][number], job: JobId): string {
  const folder = path.slice(0, Math.max(0, path.lastIndexOf("/")))
  checkParents(home, folder)
  const target = joinPath(home, path)
  if (replaces !== undefined && readLink(target) === replaces) fs.unlinkSync(target)
  for (let as = path; ; as = joinPath(folder, freeName(joinPath(home, folder), entry.name, job))) {
    try {
      fs.symlinkSync(entry.target, joinPath(home, as))
      return as
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw diskError(error, `write ${as}`)
      if (readLink(joinPath(home, as)) === entry.target) return as
    }
  }
}

function readLink(path: string): string | undefined {
  try {
    return fs.readlinkSync(path)
  } catch {
    return undefined
  }
}

/** Makes a new folder that is the sender's own until its mode is set. One that came in between is as good. */
export function makeFolder(path: string): void {
  try {
    fs.mkdirSync(path, 0o700)
  } catch (error) {
    if (errorCode(error) === "EEXIST" && fs.lstatSync(path).isDirectory()) return
    throw diskError(error, `make the folder ${path}`)
  }
}

/** Every folder on the way must be a real one still: a link could lead anywhere. */
function checkParents(home: string, folder: string): void {
  let at = home
  for (const name of folder === "" ? [] : folder.split("/")) {
    at = joinPath(at, name)
    if (fs.lstatSync(at, { throwIfNoEntry: false })?.isDirectory()) continue
    throw new WindfallError("unsafe_path", `Cannot write into ${at}: it is not a folder any more`, {
      hint: "something replaced it while outputs came home; fetch them again",
    })
  }
}
