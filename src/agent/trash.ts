import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs"
import { join } from "node:path"
import { removeTree } from "../workspace/remove-tree.ts"
import { systemCode } from "./durable-file.ts"

/** How long nothing must have been forgotten before small folders are removed. */
const QUIET_MS = 2_000
const MOST_WAITING = 3_000

/**
 * Removes folders. Removing many small ones while others are made is slow (ext4 steps over lately freed inodes one by one),
 * so the folders of forgotten attempts that hold little wait for a quiet moment.
 */
export class Trash {
  readonly #folder: string
  #count = 0
  #waiting: { readonly path: string; readonly onRemoved: () => void }[] = []
  #quiet: NodeJS.Timeout | undefined
  #removing: Promise<void> = Promise.resolve()

  constructor(folder: string) {
    this.#folder = folder
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    for (const name of readdirSync(folder)) this.removeLater(join(folder, name), () => {})
  }

  /** Takes a folder out of the way by rename, its secrets first, and removes it. Nothing there is fine. */
  discard(path: string): void {
    rmSync(join(path, "secrets"), { force: true })
    const target = join(this.#folder, `${process.pid}-${Date.now()}-${this.#count++}`)
    try {
      renameSync(path, target)
    } catch (error) {
      if (systemCode(error) === "ENOENT") return
      throw error
    }
    this.#remove([{ path: target, onRemoved: () => {} }])
  }

  /** Removes a folder as soon as that disturbs nobody. */
  removeLater(path: string, onRemoved: () => void): void {
    this.#waiting.push({ path, onRemoved })
    if (this.#waiting.length >= MOST_WAITING) this.#remove(this.#waiting.splice(0))
    else if (this.#quiet !== undefined) this.#quiet.refresh()
    else this.#quiet = setTimeout(() => this.#remove(this.#waiting.splice(0)), QUIET_MS).unref()
  }

  /** Removes a folder now, after those before it. */
  removeNow(path: string, onRemoved: () => void): void {
    this.#remove([{ path, onRemoved }])
  }

  #remove(folders: readonly { readonly path: string; readonly onRemoved: () => void }[]): void {
    this.#removing = this.#removing.then(async () => {
      for (const { path, onRemoved } of folders) {
        try {
          await removeTree(path)
          onRemoved()
        } catch {
          // Somebody is still writing there: the next agent tries again.
        }
      }
    })
  }
}
