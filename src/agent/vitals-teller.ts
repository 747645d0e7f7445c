import type { Vitals } from "../protocol/vitals.ts"

/** So rare while nothing runs that it costs nothing to speak of: some 50 ms of CPU on a Mac. */
const PACE = { idleMs: 60_000, busyMs: 15_000 }

/** Looks how the host is and tells the server: when a server comes, then once a minute, and more often while something runs. */
export class VitalsTeller {
  readonly #look: () => Promise<Vitals>
  readonly #tell: (vitals: Vitals) => void
  readonly #pace: typeof PACE
  #busy = false
  #isLooking = false
  /** It was asked for again while a look was under way, which may have seen what was before. */
  #isAsked = false
  #timer: NodeJS.Timeout | undefined
  /** When the next look is due, by the process's clock. */
  #dueMs = Number.POSITIVE_INFINITY

  constructor(look: () => Promise<Vitals>, tell: (vitals: Vitals) => void, pace: typeof PACE = PACE) {
    this.#pace = pace
    this.#look = look
    this.#tell = tell
  }

  /** Whether something runs now. Jobs that come and go quickly bring no look nearer than the busy pace. */
  set busy(busy: boolean) {
    if (busy === this.#busy) return
    this.#busy = busy
    if (busy && this.#timer !== undefined) this.#plan(this.#pace.busyMs)
  }

  /** Tells at once, and from then on at its pace. */
  begin(): void {
    this.#dueMs = Number.POSITIVE_INFINITY
    this.#plan(0)
  }

  /** Something has changed much since the last look: tells at once, and from then on at its pace. Says nothing before the beginning. */
  again(): void {
    if (this.#timer === undefined) return
    this.#isAsked = this.#isLooking
    this.#plan(0)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** Plans a look so much later, unless one is due before. */
  #plan(afterMs: number): void {
    const dueMs = performance.now() + afterMs
    if (dueMs >= this.#dueMs) return
    this.#dueMs = dueMs
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#turn(), afterMs).unref()
  }

  async #turn(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    try {
      this.#tell(await this.#look())
    } catch {
      // A command of the system that failed this once: the next look may have more luck.
    } finally {
      this.#isLooking = false
      this.#dueMs = Number.POSITIVE_INFINITY
      const paceMs = this.#busy ? this.#pace.busyMs : this.#pace.idleMs
      if (this.#timer !== undefined) this.#plan(this.#isAsked ? 0 : paceMs)
      this.#isAsked = false
    }
  }
}
