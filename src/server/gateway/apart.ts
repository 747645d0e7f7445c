import type { EngineReadings } from "./engine-readings.ts"

/** How long a request that is tried alone keeps others waiting, at the most. */
export interface ApartLimits {
  /** Those that are tried one at a time, as it is. */
  readonly lineMs: number
  /** All others, at its replica. */
  readonly replicaMs: number
}

/** A place in the line of requests that are tried one at a time, each alone at its replica, so that it shows with which an engine ended. */
export class Apart {
  readonly #leaveLine: () => void
  readonly #limits: ApartLimits
  #openReplica: () => void = () => {}
  #timers: NodeJS.Timeout[] = []

  constructor(leaveLine: () => void, limits: ApartLimits) {
    this.#leaveLine = leaveLine
    this.#limits = limits
  }

  /**
   * Its turn at a replica has come: waits until nobody else is read there.
   * @param opened is called once others may come again
   * @throws the signal's reason
   */
  async begin(readings: EngineReadings, opened: () => void, signal: AbortSignal): Promise<void> {
    const open = await readings.close(signal)
    this.#openReplica = () => {
      this.#openReplica = () => {}
      open()
      opened()
    }
    this.#timers = [
      setTimeout(() => this.#openReplica(), this.#limits.replicaMs),
      setTimeout(this.#leaveLine, this.#limits.lineMs),
    ]
  }

  /** It has a token, or is over; may be called again. */
  over(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#openReplica()
    this.#leaveLine()
  }
}
