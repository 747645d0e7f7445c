import type { Clock } from "../../base/clock.ts"
import { WindfallError } from "../../protocol/errors.ts"

const MOST = 10
const WITHIN_MS = 60_000
const MOST_ADDRESSES = 10_000

/** Wrong codes by the address they came from: whoever sends many of them has to wait. */
export class WrongCodes {
  readonly #clock: Clock
  readonly #times = new Map<string, number[]>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @throws {WindfallError} too_many_tries */
  check(from: string): void {
    const recent = this.#recent(from)
    if (recent.length < MOST) return
    throw new WindfallError("too_many_tries", "Cannot look at the code: too many wrong ones came from this address", {
      hint: "Wait a minute, then paste the whole line again",
    })
  }

  note(from: string): void {
    const recent = this.#recent(from)
    this.#times.delete(from)
    this.#times.set(from, [...recent, this.#clock.monotonicMs()])
    const [oldest] = this.#times.keys()
    if (this.#times.size > MOST_ADDRESSES && oldest !== undefined) this.#times.delete(oldest)
  }

  #recent(from: string): number[] {
    const since = this.#clock.monotonicMs() - WITHIN_MS
    return (this.#times.get(from) ?? []).filter((at) => at > since)
  }
}
