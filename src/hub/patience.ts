import { backoffMs } from "../base/backoff.ts"
import { WindfallError } from "../protocol/errors.ts"
import type { Hub } from "./hub.ts"

/** What may go better at the next try. Its message has no address in it: where a hub leads on may be a secret. */
export class HubTrouble extends Error {
  /** The hub says to wait so long. */
  readonly waitMs: number | null

  constructor(message: string, waitMs: number | null = null) {
    super(message)
    this.waitMs = waitMs
  }
}

/** Tries again what may go better, with growing waits, a bounded number of times without getting on. */
export class Patience {
  readonly #hub: Hub
  readonly #doing: string
  readonly #signal: AbortSignal
  #failures = 0

  /** @param doing as in "Cannot ..." */
  constructor(hub: Hub, doing: string, signal: AbortSignal) {
    this.#hub = hub
    this.#doing = doing
    this.#signal = signal
  }

  /** It gets on: what failed before does not count any more. */
  gotOn(): void {
    this.#failures = 0
  }

  /**
   * Resolves when it is time for the next try.
   * @throws what was thrown, where that is no {@link HubTrouble}; {WindfallError} hub_unreachable when it was tried often enough; the
   *   signal's reason
   */
  async afterFailure(error: unknown): Promise<void> {
    this.#signal.throwIfAborted()
    if (!(error instanceof HubTrouble)) throw error
    const { clock, random, limits, base, onWait, keeps } = this.#hub
    this.#failures++
    const hint = `The hub is ${base.origin}${keeps === true ? ". What has come stays: the same again goes on from there" : ""}`
    if (this.#failures >= limits.tries)
      throw new WindfallError(
        "hub_unreachable",
        `Cannot ${this.#doing}: ${error.message} (tried ${this.#failures} times)`,
        { hint },
      )
    const asked = error.waitMs ?? 0
    if (asked > limits.longestWaitMs)
      throw new WindfallError(
        "hub_unreachable",
        `Cannot ${this.#doing}: ${error.message}, and the hub wants to be asked in ${Math.ceil(asked / 60_000)} min`,
        { hint },
      )
    const waitMs = Math.max(asked, backoffMs(this.#failures - 1, random, limits.firstWaitMs, limits.lastWaitMs))
    onWait?.(error.message, waitMs)
    await clock.sleep(waitMs, { signal: this.#signal })
  }

  /** Does it until it succeeds. */
  async until<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work()
      } catch (error) {
        await this.afterFailure(error)
      }
    }
  }
}
