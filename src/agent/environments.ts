import { accessSync, constants, existsSync, readdirSync, realpathSync, rmSync, statSync, utimesSync } from "node:fs"
import { dirname, join } from "node:path"
import type { HostFacts } from "../protocol/host.ts"
import { uvPath } from "../protocol/uv.ts"
import { isAsSealed, readSeal } from "./environment-seal.ts"
import type { HostFolder } from "./host-folder.ts"
import { readIfThere, reopening } from "./own-file.ts"

export interface EnvironmentsOptions {
  readonly folder: HostFolder
  readonly facts: Pick<HostFacts, "platform" | "arch" | "system">
  /** Takes a folder out of the way and removes it. */
  readonly discard: (path: string) => void
}

export interface KeptEnvironment {
  readonly key: string
  /** 0 for one that is half built. */
  readonly bytes: number
  readonly lastUsedMs: number
}

/** The Python environments of a host, each named by what it is made from. One without the file `ready` is never used. */
export class Environments {
  readonly #options: EnvironmentsOptions
  #system: string | undefined

  constructor(options: EnvironmentsOptions) {
    this.#options = options
  }

  /** Windfall's own uv, which may not have come yet. No other that is on the host is ever run. */
  get uv(): string {
    const { folder, facts } = this.#options
    return join(folder.root, uvPath(`${facts.platform}-${facts.arch}`))
  }

  /** Whether uv is here. Using it keeps it: what no server uses for long goes (bootstrap.sh). */
  hasUv(): boolean {
    try {
      accessSync(this.uv, constants.X_OK)
      const now = new Date()
      utimesSync(dirname(this.uv), now, now)
      return true
    } catch {
      return false
    }
  }

  /** What binaries must fit to run here. */
  get system(): string {
    this.#system ??= systemOf(this.#options.facts)
    return this.#system
  }

  placeOf(key: string): string {
    return join(this.#options.folder.environments, key)
  }

  /**
   * Whether it is built, as it was built, and its interpreter is still there; notes that it is used now. What a job has changed is not
   * ready any more: it is built anew.
   */
  use(key: string, nowMs: number): boolean {
    const place = this.placeOf(key)
    const ready = join(place, "ready")
    const seal = readSeal(readIfThere(ready))
    if (seal === null) return false
    try {
      accessSync(join(place, "venv/bin/python"), constants.X_OK)
      if (isAsSealed(place, seal)) {
        reopening(ready, () => utimesSync(ready, nowMs / 1000, nowMs / 1000))
        return true
      }
    } catch {
      // Something of it is gone.
    }
    reopening(ready, () => rmSync(ready, { force: true }))
    return false
  }

  /** Removes what killed builds have left, but for those of `pinned`. */
  removeHalfBuilt(pinned: ReadonlySet<string>): void {
    for (const { key, bytes } of this.list()) if (bytes === 0 && !pinned.has(key)) this.remove(key)
  }

  /** Removes one that nobody uses, builds or waits for. */
  remove(key: string): void {
    this.#options.discard(this.placeOf(key))
    rmSync(`${this.placeOf(key)}.lock`, { force: true })
  }

  /** The interpreter that an environment was made from, wherever that lies; `undefined` where it is gone. */
  pythonOf(key: string): string | undefined {
    try {
      return realpathSync(join(this.placeOf(key), "venv/bin/python"))
    } catch {
      return undefined
    }
  }

  /** All that are here. */
  list(): KeptEnvironment[] {
    const { environments } = this.#options.folder
    if (!existsSync(environments)) return [] // a job has removed it; it is made again for the next
    const names = reopening(environments, () => readdirSync(environments))
    // A build that was killed early has left only its lock.
    const keys = new Set(names.map((name) => name.replace(/\.lock$/, "")).filter((name) => /^[0-9a-f]{32}$/.test(name)))
    return [...keys].map((key) => {
      const ready = join(this.placeOf(key), "ready")
      const bytes = readSeal(readIfThere(ready))?.bytes ?? 0
      const lastUsedMs = bytes === 0 ? 0 : (statSync(ready, { throwIfNoEntry: false })?.mtimeMs ?? 0)
      return { key, bytes, lastUsedMs }
    })
  }
}

function systemOf({ platform, arch, system }: EnvironmentsOptions["facts"]): string {
  if (platform === "darwin") return `darwin-${arch} ${/^macOS (\d+)/.exec(system)?.[1] ?? ""}`
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } }
  return `linux-${arch} glibc ${header.glibcVersionRuntime ?? "none"}`
}
