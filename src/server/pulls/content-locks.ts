import { orAborted } from "../../base/or-aborted.ts"

/** Sees to it that the same content is fetched by one at a time: who waited finds it there. */
export class ContentLocks {
  readonly #held = new Map<string, Promise<void>>()

  async alone<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    for (let held = this.#held.get(key); held !== undefined; held = this.#held.get(key)) await orAborted(held, signal)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#held.set(key, promise)
    try {
      return await work()
    } finally {
      this.#held.delete(key)
      resolve()
    }
  }
}
