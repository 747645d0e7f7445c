import type { Clock } from "../base/clock.ts"

/** A single appointment on the server's clock. Setting another one replaces it. */
export class Alarm {
  readonly #clock: Clock
  readonly #ring: () => void
  #waiting: AbortController | undefined
  #at: number | null = null

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock
    this.#ring = ring
  }

  /** @param at milliseconds since 1970; `null` takes the appointment back */
  set(at: number | null): void {
    if (at === this.#at) return
    this.#waiting?.abort()
    this.#waiting = undefined
    this.#at = at
    if (at === null) return
    const waiting = new AbortController()
    this.#waiting = waiting
    this.#waitFor(at, waiting.signal).catch(() => {})
  }

  async #waitFor(at: number, signal: AbortSignal): Promise<void> {
    // In steps: timers are limited, and the clock may be moved meanwhile.
    for (let left = at - this.#clock.now(); left > 0; left = at - this.#clock.now()) {
      await this.#clock.sleep(Math.min(left, LONGEST_STEP_MS), { signal })
    }
    if (signal.aborted) return
    this.#at = null
    this.#ring()
  }
}

const LONGEST_STEP_MS = 600_000
