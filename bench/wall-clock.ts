/**
 * Nanosecond stamps that jobs print (`date +%s%N`) are compared with this process's clock, and `Date.now()` counts only whole
 * milliseconds. Watching it tick once tells where the fine monotonic clock stands against it.
 */
export class WallClock {
  readonly #offsetMs: number

  constructor() {
    const next = Date.now() + 1
    while (Date.now() < next);
    this.#offsetMs = next - performance.now()
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
