import { readdirSync, readlinkSync, rmSync } from "node:fs"
import { basename, join } from "node:path"
import type { Clock } from "../../base/clock.ts"
import { HELD_KINDS, type HeldKind } from "../../protocol/host-disk.ts"
import { writeDurably } from "../durable-file.ts"
import type { Environments } from "../environments.ts"
import type { HostFolder } from "../host-folder.ts"
import { readIfThere, reopening } from "../own-file.ts"
import type { Trash } from "../trash.ts"
import type { Holding } from "./disk-budget.ts"
import { folderSize } from "./folder-size.ts"
import type { Attempts, HeldPart } from "./held-part.ts"

interface Measured {
  readonly kind: HeldKind
  /** Below the server's folder. */
  readonly path: string
  readonly bytes: number
  readonly usedMs: number
}

export interface MeasuredPartOptions {
  readonly folder: HostFolder
  readonly environments: Environments
  readonly attempts: Attempts
  readonly trash: Trash
  readonly clock: Clock
}

/**
 * What jobs fill by themselves: uv's cache, Pythons, downloads of Hugging Face, HOMEs. Nobody counts along, so it is measured
 * now and then, and the measure is kept for the next agent. uv's cache goes whole, as its entries name each other; a repository
 * and a Python go as one folder; HOMEs never. A running job may open any of the shared ones, so nothing goes while one runs.
 */
export class MeasuredPart implements HeldPart {
  readonly #options: MeasuredPartOptions
  #measured: readonly Measured[]
  /** Wall clock; 0 for never. */
  measuredAtMs: number

  constructor(options: MeasuredPartOptions) {
    this.#options = options
    const { measured, at } = readNote(options.folder.measured)
    this.#measured = measured
    this.measuredAtMs = at
  }

  sizes(): Partial<Record<HeldKind, number>> {
    const sizes: Partial<Record<HeldKind, number>> = { pythons: 0, packages: 0, models: 0, homes: 0 }
    for (const { kind, bytes } of this.#measured) sizes[kind] = (sizes[kind] ?? 0) + bytes
    return sizes
  }

  holdings(): Holding[] {
    const isHeld = this.#isHeld()
    return this.#measured.map(({ kind, path, bytes, usedMs }) => {
      return { kind, name: path, bytes, usedMs, inUse: kind === "homes" || isHeld(path) }
    })
  }

  async remove(holdings: readonly Holding[]): Promise<void> {
    const { folder, trash } = this.#options
    const isHeld = this.#isHeld()
    const gone = holdings.filter(({ kind, name }) => kind !== "homes" && !isHeld(name))
    for (const { kind, name } of gone) {
      if (kind === "pythons") removeLinksTo(basename(name), join(folder.shared, "python"))
      trash.discard(join(folder.base, name))
    }
    this.#keep(this.#measured.filter(({ path }) => !gone.some(({ name }) => name === path)))
    await trash.done()
  }

  /** Looks at all of it anew. */
  async measure(signal: AbortSignal): Promise<void> {
    const { folder, clock } = this.#options
    const measured: Measured[] = []
    for (const { kind, path } of this.#places()) {
      measured.push({ kind, path, ...(await folderSize(join(folder.base, path), clock, signal)) })
    }
    this.measuredAtMs = clock.now()
    this.#keep(measured)
  }

  #places(): { readonly kind: HeldKind; readonly path: string }[] {
    const { base } = this.#options.folder
    const below = (kind: HeldKind, path: string) =>
      foldersIn(join(base, path)).map((name) => ({ kind, path: `${path}/${name}` }))
    const uv = foldersIn(join(base, "shared")).filter((name) => name === "uv")
    return [
      ...uv.map((name) => ({ kind: "packages", path: `shared/${name}` }) as const),
      ...below("pythons", "shared/python"),
      ...below("models", "shared/huggingface"),
      ...below("homes", "homes"),
    ]
  }

  #isHeld(): (path: string) => boolean {
    const { attempts, environments, folder } = this.#options
    for (const { phase } of attempts.values()) if (phase !== "ended") return () => true
    const pythons = environments.list().map(({ key }) => environments.pythonOf(key) ?? "")
    return (path) => pythons.some((python) => python.startsWith(`${join(folder.base, path)}/`))
  }

  #keep(measured: readonly Measured[]): void {
    this.#measured = measured
    try {
      writeDurably(this.#options.folder.measured, JSON.stringify({ at: this.measuredAtMs, measured }))
    } catch {
      // No room: it is known as long as this agent lives.
    }
  }
}

/** Hidden ones are locks and half-done downloads of whoever made the folder. */
function foldersIn(path: string): string[] {
  try {
    const entries = reopening(path, () => readdirSync(path, { withFileTypes: true }))
    return entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith(".")).map(({ name }) => name)
  } catch {
    return []
  }
}

/** uv has `cpython-3.12-...` lead to `cpython-3.12.11-...`. */
function removeLinksTo(name: string, folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isSymbolicLink() && basename(readlinkSync(path)) === name) rmSync(path, { force: true })
  }
}

function readNote(path: string): { readonly at: number; readonly measured: readonly Measured[] } {
  try {
    const { at, measured } = JSON.parse(readIfThere(path) ?? "") as { at: number; measured: Measured[] }
    if (!Number.isSafeInteger(at) || !measured.every(isMeasured)) throw new TypeError("not a note of an agent")
    return { at, measured }
  } catch {
    return { at: 0, measured: [] }
  }
}

/** A job could have written it: what it names must lie where such things lie. */
function isMeasured({ kind, path, bytes, usedMs }: Measured): boolean {
  return (
    HELD_KINDS.includes(kind) &&
    /^(shared\/uv|(shared\/(python|huggingface)|homes)\/[^/]+)$/.test(path) &&
    !/\/\.\.?$/.test(path) &&
    Number.isSafeInteger(bytes) &&
    Number.isSafeInteger(usedMs)
  )
}
