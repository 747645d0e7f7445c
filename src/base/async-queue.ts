import { type Deferred, deferred } from "./deferred.ts"

/** Values handed from callbacks to one `for await` reader, in order, unbounded: the writer must bound itself. */
export class AsyncQueue<T> implements AsyncIterable<T> {
  #values: T[] = []
  #waiting: Deferred<void> | undefined
  #ended = false
  #error: unknown

  push(value: T): void {
    if (this.#ended) return
    this.#values.push(value)
    this.#wake()
  }

  /** Ends the stream after what was pushed; with `error`, the reader then throws it. */
  end(error?: unknown): void {
    if (this.#ended) return
    this.#ended = true
    this.#error = error
    this.#wake()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    while (true) {
      const batch = this.#values
      this.#values = []
      yield* batch
      if (this.#values.length > 0) continue
      if (this.#ended) {
        if (this.#error !== undefined) throw this.#error
        return
      }
      this.#waiting = deferred()
      await this.#waiting.promise
    }
  }

  #wake(): void {
    this.#waiting?.resolve()
    this.#waiting = undefined
  }
}
