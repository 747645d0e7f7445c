const GIB = 1024 ** 3
/** One look may fall into the moment in which memory is being given back. */
const LOOKS_IN_A_ROW = 2

/** What must outlive the agent: memory is missing, and by what it is measured. */
export interface MissingMemory {
  /** Memory no process accounted for, before. */
  readonly baselineBytes: number
  /** What the attempts that have ended since held: no more than that can be missing. */
  readonly heldBytes: number
  readonly missingBytes: number
}

/** What may be missing before it matters: as much as the server keeps back for the system, so that jobs still get what they were promised. */
export function toleranceOf(memoryBytes: number): number {
  return Math.min(8 * GIB, Math.max(GIB, memoryBytes / 8))
}

/**
 * Finds memory that attempts held and that did not come back with their end. A process that holds it is seen, and is
 * somebody's; so what is compared is the memory no process accounts for, before and after. Pure: others measure.
 */
export class MemoryWatch {
  readonly #toleranceBytes: number
  #baselineBytes: number | null
  #heldBytes: number
  #missingBytes: number
  #looks = 0

  /** @param left what the last agent found missing */
  constructor(toleranceBytes: number, left: MissingMemory | null) {
    this.#toleranceBytes = toleranceBytes
    this.#baselineBytes = left?.baselineBytes ?? null
    this.#heldBytes = left?.heldBytes ?? 0
    this.#missingBytes = left?.missingBytes ?? 0
  }

  /** An attempt has ended that held this much at its peak. */
  ended(peakBytes: number): void {
    // Without a measure from before nothing can be said.
    if (this.#baselineBytes !== null) this.#heldBytes += peakBytes
  }

  /** Attempts of some size have ended and it is not known yet whether their memory has come back. */
  get isDoubtful(): boolean {
    return this.#heldBytes >= this.#toleranceBytes
  }

  /** Whether the next look needs a measure; else it need not be paid for. */
  wants(running: boolean): boolean {
    return this.isDoubtful || (running && this.#baselineBytes === null)
  }

  get missing(): MissingMemory | null {
    if (this.#missingBytes === 0 || this.#baselineBytes === null) return null
    return { baselineBytes: this.#baselineBytes, heldBytes: this.#heldBytes, missingBytes: this.#missingBytes }
  }

  /** Takes a measure of the memory no process accounts for. `running`: attempts run now. */
  look(unaccountedBytes: number, running: boolean): void {
    const grownBytes = this.#baselineBytes === null ? 0 : unaccountedBytes - this.#baselineBytes
    const missingBytes = Math.round(Math.min(grownBytes, this.#heldBytes))
    if (missingBytes >= this.#toleranceBytes) {
      this.#looks++
      if (this.#looks >= LOOKS_IN_A_ROW || this.#missingBytes > 0) this.#missingBytes = missingBytes
      return
    }
    this.#looks = 0
    this.#missingBytes = 0
    this.#heldBytes = 0
    this.#baselineBytes = running ? unaccountedBytes : null
  }

  /** Nothing runs any more, and nothing of size has ended: the next run measures anew. */
  rest(): void {
    if (!this.isDoubtful) {
      this.#heldBytes = 0
      this.#baselineBytes = null
    }
  }
}
