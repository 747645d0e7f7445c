import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { WindfallError } from "../protocol/errors.ts"
import { diskFailure } from "./disk-failure.ts"

/** A folder that belongs to this process until released. */
export interface DataFolder extends Disposable {
  readonly path: string
}

/**
 * Makes the folder if need be, closes it to others (0700) and takes it for this process alone. The lock is SQLite's own on a file of its own:
 * the kernel drops it with the process, however that ends, so there is never a stale one.
 * @throws {WindfallError} data_folder_in_use naming the other process, disk_full
 */
export function openDataFolder(path: string): DataFolder {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  closeToOthers(path, 0o700) // it may have been there already, with what jobs say about themselves inside
  const pidFile = join(path, "pid")
  const lockFile = join(path, "lock")
  // SQLite would make it readable to all, and its journal like it.
  closeSync(openSync(lockFile, "a", 0o600))
  for (const file of [lockFile, `${lockFile}-journal`]) if (existsSync(file)) closeToOthers(file, 0o600)
  const lock = new DatabaseSync(lockFile, { timeout: 0 })
  try {
    lock.exec("BEGIN EXCLUSIVE")
  } catch (error) {
    lock.close()
    if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) throw diskFailure(error, `use ${path}`) ?? error
    const pid = readPid(pidFile)
    throw new WindfallError(
      "data_folder_in_use",
      `Cannot use ${path}: the server with process id ${pid ?? "unknown"} is using it`,
      { hint: "Talk to that server, stop it first, or give this one another folder with --data", details: { pid } },
    )
  }
  writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 })
  return {
    path,
    [Symbol.dispose]: () => {
      if (lock.isOpen) lock.close()
    },
  }
}

function closeToOthers(path: string, mode: number): void {
  try {
    chmodSync(path, mode)
  } catch (error) {
    const reason = (error as { code?: unknown }).code === "EPERM" ? "it belongs to another account" : String(error)
    throw new WindfallError("invalid_input", `Cannot use ${path}: ${reason}`, {
      hint: "Give another folder with --data",
      cause: error,
    })
  }
}

const SQLITE_BUSY = 5

function readPid(file: string): number | null {
  try {
    return Number.parseInt(readFileSync(file, "utf8"), 10) || null
  } catch {
    return null
  }
}
