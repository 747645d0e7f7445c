interface Waiter {
  readonly weight: number
  readonly isFree: () => boolean
  readonly go: () => void
}

/** A line in which one at a time has its turn: of those that wait the lightest, of several the one that came first. */
export class OneAtATime {
  readonly #gatherMs: number
  #waiting: Waiter[] = []
  /** Whose turn it is. */
  #taken: Waiter | null = null
  #rest: NodeJS.Timeout | null = null

  /** @param gatherMs so long nobody goes where the line was empty: what sends one here sends others, and the lightest is to be the first */
  constructor(gatherMs: number) {
    this.#gatherMs = gatherMs
  }

  /**
   * Waits for the turn.
   * @param isFree whether it need not wait any longer; it is asked when somebody {@link look}s
   * @returns how to leave; may be called again
   * @throws the signal's reason
   */
  async enter(weight: number, isFree: () => boolean, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiter: Waiter = { weight, isFree, go: resolve }
    if (this.#taken === null && this.#waiting.length === 0 && this.#rest === null) this.rest(this.#gatherMs)
    this.#waiting.push(waiter)
    const abort = () => {
      this.#waiting = this.#waiting.filter((one) => one !== waiter)
      reject(signal.reason)
    }
    signal.addEventListener("abort", abort, { once: true })
    await promise.finally(() => signal.removeEventListener("abort", abort))
    return () => {
      if (this.#taken !== waiter) return
      this.#taken = null
      this.#next()
    }
  }

  /** Who need not wait any longer goes at once. */
  look(): void {
    const free = this.#waiting.filter(({ isFree }) => isFree())
    this.#waiting = this.#waiting.filter((one) => !free.includes(one))
    for (const { go } of free) go()
  }

  /** Nobody goes on for so long, from now on. */
  rest(ms: number): void {
    if (this.#rest !== null) clearTimeout(this.#rest)
    this.#rest = setTimeout(() => {
      this.#rest = null
      this.#next()
    }, ms)
    this.#rest.unref()
  }

  #next(): void {
    const lightest = Math.min(...this.#waiting.map(({ weight }) => weight))
    const next = this.#waiting.find(({ weight }) => weight === lightest)
    if (this.#taken !== null || this.#rest !== null || next === undefined) return
    this.#waiting = this.#waiting.filter((one) => one !== next)
    this.#taken = next
    next.go()
  }
}
