/** How far a model is on its way, as people see it. Nothing of it is stored: what has come says it again. */
export class PullProgress {
  readonly #done = new Map<string, number>()
  readonly #listeners = new Set<() => void>()
  #fetchedBytes = 0
  #waiting: string | null = null

  /** Of a file by its path. */
  doneOf(path: string): number {
    return this.#done.get(path) ?? 0
  }

  get fetchedBytes(): number {
    return this.#fetchedBytes
  }

  /** Why nothing comes just now; `null` when it does. */
  get waiting(): string | null {
    return this.#waiting
  }

  /** So much of a file is here. */
  isAt(path: string, bytes: number): void {
    this.#done.set(path, bytes)
    this.#tell()
  }

  /** More of a file came from the hub. */
  came(path: string, bytes: number): void {
    this.#fetchedBytes += bytes
    this.#waiting = null
    this.isAt(path, this.doneOf(path) + bytes)
  }

  waits(reason: string): void {
    this.#waiting = reason
    this.#tell()
  }

  /** Calls back on news; returns how to stop that. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** It has ended, which whoever listens sees elsewhere. */
  ended(): void {
    this.#tell()
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}
