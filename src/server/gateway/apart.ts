import type { Closure, EngineReadings, Reading } from "./engine-readings.ts"

/** How long a request that is tried again keeps others waiting, at the most. */
export interface ApartLimits {
  /** Those that are tried one at a time, as it is. */
  readonly lineMs: number
  /** Then it is taken to be answered. */
  readonly readMs: number
  /** Until then its replica is closed to all others. */
  readonly isAlone: boolean
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
    if (!this.#limits.isAlone) return
    this.#closure = await readings.close(this.#limits.readMs, signal)
    this.#look = look
  }

  /** It is read there now. */
  reads(reading: Reading): void {
    const { lineMs, readMs } = this.#limits
    const answered = () => {
      reading.token()
      this.#doubt()
    }
    this.#timers.push(setTimeout(answered, readMs), setTimeout(this.#leaveLine, lineMs))
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
