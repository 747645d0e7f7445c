import type { EarlierTurns } from "./earlier-turns.ts"
import type { Found } from "./found.ts"
import type { LimitReasons } from "./limit-reasons.ts"
import type { Line } from "./line.ts"
import type { LineRequest } from "./line-request.ts"
import type { Turn } from "./partition-turns.ts"
import type { Standing } from "./standings.ts"

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
  readonly #told = new Map<Standing, Map<LineRequest, Told>>()

  constructor(limits: LimitReasons, earlier: EarlierTurns) {
    this.#limits = limits
    this.#earlier = earlier
  }

  /** What the line finds, where that is known without a look. */
  of(line: Line, request: LineRequest): readonly Found[] | undefined {
    const told = this.#told.get(line.standing)?.get(request)
    if (told === undefined || told.changes !== this.#limits.changes) return undefined
    const { turn, firstWaiting, isFull } = told
    return turn.firstWaiting === firstWaiting && turn.isFull === isFull && this.#isPlain(line) ? told.found : undefined
  }

  /** Takes note of what a line has found at its turn. @returns the same */
  noted(line: Line, request: LineRequest, turn: Turn, found: readonly Found[]): readonly Found[] {
    if (found.length !== 1 || found[0]!.reason?.code !== "limit" || !this.#isPlain(line)) return found
    const { firstWaiting, isFull } = turn
    let byRequest = this.#told.get(line.standing)
    if (byRequest === undefined) {
      byRequest = new Map()
      this.#told.set(line.standing, byRequest)
    }
    byRequest.set(request, { found, changes: this.#limits.changes, turn, firstWaiting, isFull })
    return found
  }

  /** Whether nothing but its standing and what it asks for decides: it has one turn and one task, and nothing so far. */
  #isPlain({ spec }: Line): boolean {
    if (spec.array !== null || spec.partitions.length > 1) return false
    return this.#earlier.of(spec) === undefined && !this.#earlier.isBound(spec)
  }
}
