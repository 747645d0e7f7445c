import type { Clock } from "../../src/base/clock.ts"

/** A clock that stands still until a test moves it; sleepers wake when their time has come. */
export class MovedClock implements Clock {
  #now: number
  #setMs = 0
  readonly #sleepers = new Set<{ at: number; readonly wake: () => void }>()

  constructor(now = 1_800_000_000_000) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  monotonicMs(): number {
    return this.#now - this.#setMs
  }

  sleep(ms: number, options?: { signal?: AbortSignal | undefined }): Promise<void> {
    return new Promise((resolve, reject) => {
      const signal = options?.signal
      if (signal?.aborted) return reject(signal.reason)
      const sleeper = { at: this.#now + ms, wake: resolve }
      this.#sleepers.add(sleeper)
      signal?.addEventListener("abort", () => this.#sleepers.delete(sleeper) && reject(signal.reason), { once: true })
    })
  }

  /** Sets the wall clock on: nobody has slept for that. */
  setOn(ms: number): void {
    this.#now += ms
    this.#setMs += ms
    for (const sleeper of this.#sleepers) sleeper.at += ms
  }

  /** Moves on, waking whoever has slept long enough. */
  advance(ms: number): void {
    this.#now += ms
    for (const sleeper of [...this.#sleepers].sort((a, b) => a.at - b.at)) {
      if (sleeper.at <= this.#now && this.#sleepers.delete(sleeper)) sleeper.wake()
    }
  }
}
