/** Bounds how many connections to hubs are open at once, over all files. Whoever waited longest is next. */
export class Connections {
  readonly #most: number
  readonly #waiting = new Set<() => void>()
  #open = 0

  constructor(most: number) {
    this.#most = most
  }

  /** How many are open. */
  get open(): number {
    return this.#open
  }

  /**
   * Resolves when one more may be opened; what it returns is disposed of once that is closed.
   * @throws the signal's reason
   */
  async take(signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted()
    if (this.#open < this.#most) this.#open++
    // The place of one that closed is handed on, so nobody who comes meanwhile gets it.
    else await this.#turn(signal)
    let isOpen = true
    return {
      [Symbol.dispose]: () => {
        if (isOpen) this.#close()
        isOpen = false
      },
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const abort = () => {
      // Who has been handed a place takes it, and gives it back.
      if (this.#waiting.delete(resolve)) reject(signal.reason)
    }
    this.#waiting.add(resolve)
    signal.addEventListener("abort", abort, { once: true })
    try {
      await promise
    } finally {
      signal.removeEventListener("abort", abort)
    }
  }

  #close(): void {
    const [next] = this.#waiting
    if (next === undefined) this.#open--
    else {
      this.#waiting.delete(next)
      next()
    }
  }
}
