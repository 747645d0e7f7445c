import { open, rename } from "node:fs/promises"
import { readIfThere } from "./durable-file.ts"

/**
 * The mark below which no attempt can be started any more: sequence numbers up to it are either here or done for ever. With it
 * stand the attempts that are forgotten but whose folders are still on the disk, so that no agent tells of them again.
 */
export class HighWater {
  readonly #path: string
  #value: number
  readonly #forgotten: Set<number>
  #writing: Promise<void> = Promise.resolve()

  constructor(path: string) {
    this.#path = path
    const [mark = "", forgotten = ""] = (readIfThere(path) ?? "").split("\n")
    this.#value = /^\d+$/.test(mark) ? Number(mark) : 0
    this.#forgotten = new Set(/^[\d ]+$/.test(forgotten) ? forgotten.split(" ").map(Number) : [])
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

  /** The attempt's folder is off the disk: its number need not be kept. Written down with the next that is forgotten. */
  removed(sequence: number): void {
    this.#forgotten.delete(sequence)
  }

  async #write(sequences: readonly number[]): Promise<void> {
    for (const sequence of sequences) this.#forgotten.add(sequence)
    const value = Math.max(this.#value, ...sequences)
    const beside = `${this.#path}.new`
    await using file = await open(beside, "w", 0o600)
    await file.write(`${value}\n${[...this.#forgotten].join(" ")}\n`)
    await file.sync()
    await rename(beside, this.#path)
    this.#value = value
  }
}
