import type { Clock } from "../base/clock.ts"
import type { Loss } from "./loss.ts"

/** So long a better reason may take: a worker that dies is told of by its member, and felt by the head at once. */
const BETTER_MS = 1_500

/** The reason for which a hive ends: the first, or the better one that comes right after it. */
export class FirstLoss {
  readonly #clock: Clock
  readonly #over = new AbortController()
  #loss: Loss | null = null
  #isWaiting = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Aborted once the hive is lost; its reason is the loss. */
  get signal(): AbortSignal {
    return this.#over.signal
  }

  get loss(): Loss | null {
    return this.#over.signal.aborted ? this.#loss : null
  }

  readonly fail = (loss: Loss): void => {
    if (this.signal.aborted) return
    this.#loss = loss
    this.#over.abort(loss)
  }

  /** What only shows that something is wrong elsewhere. */
  readonly suspect = (loss: Loss): void => {
    if (this.signal.aborted || this.#isWaiting) return
    this.#isWaiting = true
    void this.#clock.sleep(BETTER_MS, { signal: this.signal }).then(
      () => this.fail(loss),
      () => {},
    )
  }
}
