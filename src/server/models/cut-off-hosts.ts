import type { Clock } from "../../base/clock.ts"

/** So long ago it may have been that a host was out of contact, for its members' word of a loss: it comes once the host is back. */
const RECENT_MS = 60_000

/** Which hosts of a hive the server itself lost sight of: a head that is cut off says that the others are gone. */
export class CutOffHosts {
  readonly #clock: Clock
  /** By rank, when that was seen last. */
  readonly #seenAt = new Map<number, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** These are out of contact now. */
  note(ranks: readonly number[]): void {
    for (const rank of ranks) this.#seenAt.set(rank, this.#clock.now())
  }

  /** Ranks of those that are, or were a moment ago. */
  recent(): ReadonlySet<number> {
    const sinceMs = this.#clock.now() - RECENT_MS
    return new Set([...this.#seenAt].flatMap(([rank, at]) => (at >= sinceMs ? [rank] : [])))
  }
}
