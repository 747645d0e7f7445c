import { constants, mkdirSync } from "node:fs"
import { open } from "node:fs/promises"
import { dirname } from "node:path"
import { writeDurably } from "./durable-file.ts"
import { readIfThere, systemCode } from "./own-file.ts"

/** Appended lines before the file is written anew with only what still matters. */
const LINES_PER_REWRITE = 2_000

/**
 * The mark below which no attempt can be started any more: sequence numbers up to it are either here or done for ever. With it
 * stand the attempts that are forgotten but whose folders are still on the disk, so that no agent tells of them again.
 *
 * The file is a log: the mark on the first line, then lines of forgotten numbers, each raising it. A line without its end was
 * never answered for.
 */
export class HighWater {
  readonly #path: string
  #value = 0
  readonly #forgotten = new Set<number>()
  /** Lines there is room for before the next rewrite. None at first: the last agent may have left half a line. */
  #room = 0
  #writing: Promise<void> = Promise.resolve()

  constructor(path: string) {
    this.#path = path
    const [mark = "", ...lines] = (readIfThere(path) ?? "").split("\n").slice(0, -1)
    if (/^\d+$/.test(mark)) this.#value = Number(mark)
    for (const line of lines) if (/^\d[\d ]*$/.test(line)) this.#add(line.split(" ").map(Number))
  }

  get value(): number {
    return this.#value
  }

  isForgotten(sequence: number): boolean {
    return this.#forgotten.has(sequence)
  }

  /** Raises the mark above these attempts, for ever. When this resolves, that and that they are forgotten is on the disk. Calls may overlap. */
  async forget(sequences: readonly number[]): Promise<void> {
    const written = this.#writing.then(() => this.#write(sequences))
    this.#writing = written.catch(() => {})
    await written
  }

  /** The attempt's folder is off the disk: its number need not be kept. Written down with the next rewrite. */
  removed(sequence: number): void {
    this.#forgotten.delete(sequence)
  }

  async #write(sequences: readonly number[]): Promise<void> {
    if (this.#room === 0 || !(await this.#append(sequences))) this.#rewrite(sequences)
    this.#add(sequences)
  }

  #rewrite(sequences: readonly number[]): void {
    const all = new Set([...this.#forgotten, ...sequences])
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 })
    writeDurably(this.#path, `${Math.max(this.#value, ...sequences)}\n${[...all].join(" ")}\n`)
    this.#room = LINES_PER_REWRITE
  }

  /** Returns whether the file is there: a job can have removed it. A new one would lack what it said. */
  async #append(sequences: readonly number[]): Promise<boolean> {
    const room = this.#room - 1
    this.#room = 0 // whatever a failed write leaves is written over
    try {
      await using file = await open(this.#path, constants.O_WRONLY | constants.O_APPEND)
      await file.write(`${sequences.join(" ")}\n`)
      await file.datasync()
    } catch (error) {
      if (systemCode(error) === "ENOENT") return false
      throw error
    }
    this.#room = room
    return true
  }

  #add(sequences: readonly number[]): void {
    for (const sequence of sequences) this.#forgotten.add(sequence)
    this.#value = Math.max(this.#value, ...sequences)
  }
}
