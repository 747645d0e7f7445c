import { type FileHandle, mkdir, open, readdir, rm, stat } from "node:fs/promises"
import { join } from "node:path"
import type { PulledFile } from "../../store/pull-record.ts"
import type { Core } from "../core.ts"
import { partFolder } from "./content-writer.ts"
import type { HeldRange } from "./range-plan.ts"

type Place = Pick<HeldRange, "start" | "end">

/**
 * Ranges of a file that come ahead of what is in the blobs, each in a file of its own, `pulls/USER-HASH-range-START-END`. Each only grows
 * at its end, so its length says how much of it has come, also after a kill.
 */
export class RangeFiles {
  readonly #folder: string
  readonly #prefix: string

  constructor(core: Pick<Core, "folder">, user: string, { hash }: PulledFile) {
    this.#folder = partFolder(core)
    this.#prefix = `${user}-${hash.hex}-range-`
  }

  /** What a former run left. */
  async found(): Promise<HeldRange[]> {
    const ranges: HeldRange[] = []
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    for (const name of await readdir(this.#folder)) {
      const match = /^(\d{1,15})-(\d{1,15})$/.exec(name.startsWith(this.#prefix) ? name.slice(this.#prefix.length) : "")
      if (match === null) continue
      const { size } = await stat(join(this.#folder, name))
      ranges.push({ start: Number(match[1]), end: Number(match[2]), bytes: size })
    }
    return ranges
  }

  /** To write on at the end of a range. */
  append(range: Place): Promise<FileHandle> {
    return open(this.#pathOf(range), "a", 0o600)
  }

  /** The bytes of a range, from `skip` on. */
  async *read(range: Place, skip: number): AsyncGenerator<Uint8Array> {
    await using file = await open(this.#pathOf(range), "r")
    for await (const piece of file.createReadStream({ autoClose: false, start: skip, highWaterMark: 1024 ** 2 }))
      yield piece as Uint8Array
  }

  remove(range: Place): Promise<void> {
    return rm(this.#pathOf(range), { force: true })
  }

  /** Forgets all of them. */
  async drop(): Promise<void> {
    for (const range of await this.found()) await this.remove(range)
  }

  #pathOf({ start, end }: Place): string {
    return join(this.#folder, `${this.#prefix}${start}-${end}`)
  }
}
