import { readIfThere, writeDurably } from "./durable-file.ts"

/** The mark below which no attempt can be started any more: sequence numbers up to it are either here or done for ever. */
export class HighWater {
  readonly #path: string
  #value: number

  constructor(path: string) {
    this.#path = path
    this.#value = Number(/^(\d+)\n$/.exec(readIfThere(path) ?? "")?.[1] ?? 0)
  }

  get value(): number {
    return this.#value
  }

  /** Raises the mark to at least `sequence`. When this returns it is on the disk. */
  raise(sequence: number): void {
    if (sequence <= this.#value) return
    writeDurably(this.#path, `${sequence}\n`)
    this.#value = sequence
  }
}
