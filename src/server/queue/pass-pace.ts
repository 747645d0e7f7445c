/** A pass that took this long or less may follow the one before at once. */
const QUICK_MS = 25
/** After a longer one so many times as long belongs to everything else. */
const REST = 4
const LONGEST_REST_MS = 1_000

/** Keeps passes over a long queue from taking all of the server's time: many changes then share one. Times are monotonic milliseconds. */
export class PassPace {
  /** How long the last one took. */
  tookMs = 0
  #nextMs = 0

  /** How long the next pass is to wait. */
  restMs(nowMs: number): number {
    return Math.max(0, this.#nextMs - nowMs)
  }

  ran(fromMs: number, toMs: number): void {
    this.tookMs = toMs - fromMs
    this.#nextMs = this.tookMs <= QUICK_MS ? toMs : toMs + Math.min(LONGEST_REST_MS, this.tookMs * REST)
  }
}
