import { closeSync, fsyncSync, openSync, readFileSync, renameSync, unlinkSync, writeSync } from "node:fs"
import { dirname } from "node:path"

/**
 * Replaces a file's content so that after any crash either the old or the new one is there, whole: written beside it,
 * synced, renamed, and the rename synced too. When this returns, the new content is on the disk.
 * @throws the system's error (ENOSPC...), with the old content untouched
 */
export function writeDurably(path: string, text: string, mode = 0o600): void {
  const beside = `${path}.new`
  try {
    const file = openSync(beside, "w", mode)
    try {
      writeSync(file, text)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(beside, path)
  } catch (error) {
    try {
      unlinkSync(beside)
    } catch {
      // It was not made, or went with the rename.
    }
    throw error
  }
  syncFolder(dirname(path))
}

function syncFolder(path: string): void {
  const folder = openSync(path, "r")
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/** The file's text, or `null` when it is not there. Other errors are thrown. */
export function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8")
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return null
    throw error
  }
}

/** The system's error code of something thrown: "ENOENT", "ENOSPC"...; "" for anything else. */
export function systemCode(thrown: unknown): string {
  const code = (thrown as { code?: unknown } | null | undefined)?.code
  return typeof code === "string" ? code : ""
}

/** Whether something failed because the disk or a quota is full. */
export function isDiskFull(thrown: unknown): boolean {
  const code = systemCode(thrown)
  return code === "ENOSPC" || code === "EDQUOT" || code === "disk_full"
}
