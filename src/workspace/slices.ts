/**
 * Lets long synchronous work share the event loop: call `breathe()` between steps; most calls cost nothing, and once the
 * slice is used up one of them lets everything else run. Synchronous file calls are several times cheaper than
 * asynchronous ones, which matters with 20,000 files.
 */
export class Slices {
  readonly #sliceMs: number
  readonly #signal: AbortSignal | undefined
  #until: number

  /** @param sliceMs how long others may have to wait */
  constructor(sliceMs: number, signal?: AbortSignal) {
    this.#sliceMs = sliceMs
    this.#signal = signal
    this.#until = performance.now() + sliceMs
  }

  /** Whether the slice is used up, so that `breathe()` should be awaited. */
  get spent(): boolean {
    return performance.now() >= this.#until
  }

  /** Lets others run. Throws the signal's reason once it is aborted. */
  async breathe(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve))
    this.#signal?.throwIfAborted()
    this.#until = performance.now() + this.#sliceMs
  }
}
