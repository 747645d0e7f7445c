import type { Closure, EngineReadings } from "./engine-readings.ts"

/** How long a request that is tried again keeps others waiting, at the most. */
export interface ApartLimits {
  /** Those that are tried one at a time, as it is. */
  readonly lineMs: number
  /** All others, at its replica; `null`: not at all. */
  readonly replicaMs: number | null
}

/** A place in the line of requests that are tried one at a time, each alone at its replica, so that it shows with which an engine ended. */
export class Apart {
  readonly #leaveLine: () => void
  readonly #limits: ApartLimits
  #closure: Closure | undefined
  #look: () => void = () => {}
  #timers: NodeJS.Timeout[] = []

  constructor(leaveLine: () => void, limits: ApartLimits) {
    this.#leaveLine = leaveLine
    this.#limits = limits
  }

  /**
   * Its turn at a replica has come: waits until nobody else is read there.
   * @param look is called when others may come again
   * @throws the signal's reason
   */
  async begin(readings: EngineReadings, look: () => void, signal: AbortSignal): Promise<void> {
    const { lineMs, replicaMs } = this.#limits
    if (replicaMs !== null) {
      this.#closure = await readings.close(replicaMs, signal)
      this.#look = look
      this.#timers.push(setTimeout(() => this.#doubt(), replicaMs))
    }
    this.#timers.push(setTimeout(this.#leaveLine, lineMs))
  }

  #doubt(): void {
    this.#closure?.doubt()
    this.#look()
  }

  /** It has a token, or is over; may be called again. */
  over(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#leaveLine()
    if (this.#closure === undefined) return
    this.#closure.open()
    this.#closure = undefined
    this.#look()
  }
}
