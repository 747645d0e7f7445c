const TICKS = 20

/**
 * Nanosecond stamps that jobs print (`date +%s%N`) are compared with this process's clock, and `Date.now()` counts only whole
 * milliseconds. Watching it tick tells where the fine monotonic clock stands against it.
 */
export class WallClock {
  readonly #offsetMs: number

  constructor() {
    let offsetMs = Number.NEGATIVE_INFINITY
    for (let i = 0; i < TICKS; i++) {
      const next = Date.now() + 1
      while (Date.now() < next);
      // A tick seen late, because something else had the processor, makes it too small, never too large.
      offsetMs = Math.max(offsetMs, next - performance.now())
    }
    this.#offsetMs = offsetMs
  }

  /** Milliseconds since 1970, to a few microseconds. */
  now(): number {
    return this.#offsetMs + performance.now()
  }
}

/** What `date +%s%N` printed, as milliseconds since 1970. */
export function readStamp(text: string): number {
  return Number(text.trim()) / 1e6
}
