import { closeSync, fsyncSync, openSync, renameSync, rmSync, unlinkSync, writeSync } from "node:fs"
import { dirname } from "node:path"
import { clearWay, reopening, systemCode } from "./own-file.ts"

/**
 * Replaces a file's content so that after any crash either the old or the new one is there, whole: written beside it,
 * synced, renamed, and the rename synced too. When this returns, the new content is on the disk. What a job has closed is
 * opened, and a folder it put there is renamed aside.
 * @throws the system's error (ENOSPC...), with the old content untouched
 */
export function writeDurably(path: string, text: string, mode = 0o600): void {
  reopening(path, () => {
    const beside = `${path}.new`
    clearWay(path)
    clearWay(beside)
    // Never written into what lies there: it may be a pipe, which would be waited for.
    rmSync(beside, { force: true })
    writeBeside(path, beside, text, mode)
  })
  syncFolder(dirname(path))
}

function writeBeside(path: string, beside: string, text: string, mode: number): void {
  try {
    const file = openSync(beside, "wx", mode)
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
}

function syncFolder(path: string): void {
  const folder = openSync(path, "r")
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/** Whether something failed because the disk or a quota is full. */
export function isDiskFull(thrown: unknown): boolean {
  const code = systemCode(thrown)
  return code === "ENOSPC" || code === "EDQUOT" || code === "disk_full"
}
