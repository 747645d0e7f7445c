import type { EarlierTurns } from "./earlier-turns.ts"
import type { Found } from "./found.ts"
import type { LimitReasons } from "./limit-reasons.ts"
import type { Line } from "./line.ts"
import type { Turn } from "./partition-turns.ts"

/** What was found, and all on which it rests. */
interface Told {
  readonly found: readonly Found[]
  /** Of {@link LimitReasons.changes}. */
  readonly changes: number
  readonly turn: Turn
  readonly firstWaiting: Turn["firstWaiting"]
  readonly isFull: boolean
}

/**
 * Who waits for a limit. Who asks alike waits for the same, whatever room there is, until something counts against limits, or counts no more: in long
 * queues these are most.
 */
export class LimitedAlike {
  readonly #limits: LimitReasons
  readonly #earlier: EarlierTurns
  /** By what lines ask. */
  readonly #told: (Told | undefined)[] = []

  constructor(limits: LimitReasons, earlier: EarlierTurns) {
    this.#limits = limits
    this.#earlier = earlier
  }

  /** What the line finds, where that is known without a look. */
  of(line: Line): readonly Found[] | undefined {
    const told = this.#told[line.asking.index]
    if (told === undefined || told.changes !== this.#limits.changes) return undefined
    const { turn, firstWaiting, isFull } = told
    return turn.firstWaiting === firstWaiting && turn.isFull === isFull && this.#isNew(line) ? told.found : undefined
  }

  /** Takes note of what a line has found at its turn. @returns the same */
  noted(line: Line, turn: Turn, found: readonly Found[]): readonly Found[] {
    if (found.length !== 1 || found[0]!.reason?.code !== "limit") return found
    const { index, isPlain } = line.asking
    const { firstWaiting, isFull } = turn
    if (isPlain && this.#isNew(line))
      this.#told[index] = { found, changes: this.#limits.changes, turn, firstWaiting, isFull }
    return found
  }

  /** Whether it has nothing so far, nor had in another pass. */
  #isNew(line: Line): boolean {
    return this.#earlier.of(line) === undefined && !this.#earlier.isBound(line)
  }
}
