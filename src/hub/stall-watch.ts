import type { HubLimits } from "./hub.ts"

/**
 * Notices that nothing comes, or next to nothing. Only the time counts in which somebody waits for the other end: a slow disk here is no
 * stall.
 */
export class StallWatch {
  readonly #limits: Pick<HubLimits, "stallMs" | "leastBytes">
  readonly #onStall: () => void
  #waitedMs = 0
  #bytes = 0

  constructor(limits: Pick<HubLimits, "stallMs" | "leastBytes">, onStall: () => void) {
    this.#limits = limits
    this.#onStall = onStall
  }

  /** Waits for what the other end does. @param bytesOf how much came by it */
  async during<T>(work: () => Promise<T>, bytesOf: (result: T) => number = () => 0): Promise<T> {
    const { stallMs, leastBytes } = this.#limits
    const timer = setTimeout(this.#onStall, stallMs)
    const startedAt = performance.now()
    try {
      const result = await work()
      this.#bytes += bytesOf(result)
      return result
    } finally {
      clearTimeout(timer)
      this.#waitedMs += performance.now() - startedAt
      if (this.#waitedMs >= stallMs) {
        const trickles = this.#bytes < leastBytes
        this.#waitedMs = 0
        this.#bytes = 0
        if (trickles) this.#onStall()
      }
    }
  }
}
