import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs"
import { rename, rm } from "node:fs/promises"
import { join } from "node:path"
import { removeTree } from "../workspace/remove-tree.ts"
import { systemCode } from "./durable-file.ts"

/** How long nothing must have been thrown away before small folders are removed. */
const QUIET_MS = 2_000
const MOST_WAITING = 5_000

/**
 * Where forgotten attempts go: out of the way at once by rename, off the disk a little later. Removing many small folders
 * while others are made is slow (ext4 steps over lately freed inodes one by one), so they wait for a quiet moment.
 */
export class Trash {
  readonly #folder: string
  #count = 0
  #waiting: string[] = []
  #quiet: NodeJS.Timeout | undefined
  #removing: Promise<void> = Promise.resolve()

  constructor(folder: string) {
    this.#folder = folder
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    this.#waiting = readdirSync(folder).map((name) => join(folder, name))
    if (this.#waiting.length > 0) this.#later()
  }

  /** Throws a folder away; nothing there is fine. Its secrets go at once. `large`: do not wait with its space. */
  discard(path: string, options: { readonly large: boolean }): void {
    rmSync(join(path, "secrets"), { force: true })
    const target = this.#target()
    try {
      renameSync(path, target)
    } catch (error) {
      if (systemCode(error) === "ENOENT") return
      throw error
    }
    this.#took(target, options.large)
  }

  /** As `discard`, without holding anybody up. */
  async discardSoon(path: string, options: { readonly large: boolean; readonly hasSecrets: boolean }): Promise<void> {
    if (options.hasSecrets) await rm(join(path, "secrets"), { force: true })
    const target = this.#target()
    try {
      await rename(path, target)
    } catch (error) {
      if (systemCode(error) === "ENOENT") return
      throw error
    }
    this.#took(target, options.large)
  }

  /** Waits for removals that have begun. What waits is removed by the next agent. */
  async close(): Promise<void> {
    clearTimeout(this.#quiet)
    await this.#removing
  }

  #target(): string {
    return join(this.#folder, `${process.pid}-${Date.now()}-${this.#count++}`)
  }

  #took(target: string, large: boolean): void {
    if (large || this.#waiting.length >= MOST_WAITING) this.#remove([target, ...this.#waiting.splice(0)])
    else {
      this.#waiting.push(target)
      this.#later()
    }
  }

  #later(): void {
    if (this.#quiet === undefined) {
      this.#quiet = setTimeout(() => this.#remove(this.#waiting.splice(0)), QUIET_MS).unref()
    } else this.#quiet.refresh()
  }

  #remove(paths: readonly string[]): void {
    this.#removing = this.#removing.then(async () => {
      for (const path of paths) await removeTree(path).catch(() => {})
    })
  }
}
