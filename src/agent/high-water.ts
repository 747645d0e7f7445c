import { open, rename } from "node:fs/promises"
import { readIfThere } from "./durable-file.ts"

/** The mark below which no attempt can be started any more: sequence numbers up to it are either here or done for ever. */
export class HighWater {
  readonly #path: string
  #value: number
  #raising: Promise<void> = Promise.resolve()

  constructor(path: string) {
    this.#path = path
    this.#value = Number(/^(\d+)\n$/.exec(readIfThere(path) ?? "")?.[1] ?? 0)
  }

  get value(): number {
    return this.#value
  }

  /** Raises the mark to at least `sequence`. When this resolves it is on the disk. Calls may overlap. */
  async raise(sequence: number): Promise<void> {
    const raised = this.#raising.then(() => this.#write(sequence))
    this.#raising = raised.catch(() => {})
    await raised
  }

  async #write(sequence: number): Promise<void> {
    if (sequence <= this.#value) return
    const beside = `${this.#path}.new`
    await using file = await open(beside, "w", 0o600)
    await file.write(`${sequence}\n`)
    await file.sync()
    await rename(beside, this.#path)
    this.#value = sequence
  }
}
