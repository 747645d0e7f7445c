import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs"
import { constants, setPriority } from "node:os"
import { join } from "node:path"
import { removeTree } from "../workspace/remove-tree.ts"
import { reopening, systemCode } from "./own-file.ts"

/** How long nothing must have been forgotten before small folders are removed. */
const QUIET_MS = 2_000
/** What may wait for that moment: so many folders, or so much in their files. */
const MOST_WAITING = 10_000
const MOST_WAITING_BYTES = 1024 ** 3
/** Folders that one `rm` is given. */
const TOGETHER = 200

interface Condemned {
  readonly path: string
  readonly onRemoved: () => void
}

/**
 * Removes folders. Removing many small ones while others are made is slow (ext4 steps over lately freed inodes one by one),
 * so the folders of forgotten attempts that hold little wait for a quiet moment.
 */
export class Trash {
  readonly #folder: string
  #count = 0
  #waiting: Condemned[] = []
  #waitingBytes = 0
  #quiet: NodeJS.Timeout | undefined
  #removing: Promise<void> = Promise.resolve()

  constructor(folder: string) {
    this.#folder = folder
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    for (const name of readdirSync(folder)) this.removeLater(join(folder, name), 0, () => {})
  }

  /** Takes a folder out of the way by rename, its secrets first, and removes it. Nothing there is fine. */
  discard(path: string): void {
    const secrets = join(path, "secrets")
    reopening(secrets, () => rmSync(secrets, { recursive: true, force: true }))
    const target = join(this.#folder, `${process.pid}-${Date.now()}-${this.#count++}`)
    try {
      reopening(path, () => renameSync(path, target))
    } catch (error) {
      if (systemCode(error) === "ENOENT") return
      throw error
    }
    this.#remove([{ path: target, onRemoved: () => {} }])
  }

  /** Resolves when what was discarded up to now has gone from the disk. */
  done(): Promise<void> {
    return this.#removing
  }

  /** Removes a folder with about so much in it as soon as that disturbs nobody. */
  removeLater(path: string, bytes: number, onRemoved: () => void): void {
    this.#waiting.push({ path, onRemoved })
    this.#waitingBytes += bytes
    if (this.#waiting.length >= MOST_WAITING || this.#waitingBytes >= MOST_WAITING_BYTES) this.#removeWaiting()
    else if (this.#quiet !== undefined) this.#quiet.refresh()
    else this.#quiet = setTimeout(() => this.#removeWaiting(), QUIET_MS).unref()
  }

  /** Removes a folder now, after those before it. */
  removeNow(path: string, onRemoved: () => void): void {
    this.#remove([{ path, onRemoved }])
  }

  #removeWaiting(): void {
    this.#waitingBytes = 0
    this.#remove(this.#waiting.splice(0))
  }

  #remove(folders: readonly Condemned[]): void {
    this.#removing = this.#removing.then(async () => {
      for (let from = 0; from < folders.length; from += TOGETHER) {
        const some = folders.slice(from, from + TOGETHER)
        if (some.length > 1) await removeTogether(some.map(({ path }) => path))
        for (const { path, onRemoved } of some) {
          try {
            if (some.length === 1 || existsSync(path)) await removeTree(path)
            onRemoved()
          } catch {
            // Somebody is still writing there: the next agent tries again.
          }
        }
      }
    })
  }
}

/**
 * Removes what can be removed without ado. A process of its own costs this one, which has jobs to attend to, a fiftieth of
 * the same calls made here; and it gives way to all others.
 */
async function removeTogether(paths: readonly string[]): Promise<void> {
  const child = spawn("/bin/rm", ["-rf", "--", ...paths], { stdio: "ignore", env: {} })
  try {
    const ended = once(child, "exit")
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW)
    await ended
  } catch {
    // No process to be had, or it was quicker than its priority: what is left is seen to one by one.
  }
}
