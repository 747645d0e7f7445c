import type { Found } from "./found.ts"
import type { Line } from "./line.ts"
import type { LineRequest } from "./line-request.ts"
import type { OwnHoldGone, OwnHolds } from "./own-holds.ts"
import type { Untimed } from "./untimed.ts"

/** By request, when the last of those who ask for it is to end. */
type LastEnds = Map<LineRequest, number>

/**
 * Whether a time that somebody was told, or is yet to be told, rests on what was kept for an owner's job and is given up. Times of those behind somebody
 * who has none are not relied on and do not count.
 */
export class PlannedAround {
  readonly #holds: OwnHolds
  readonly #untimed: Untimed
  /** Of those that wait for what was kept on their owners' Macs: nobody before them is in their way there, but elsewhere they may have an earlier time. */
  readonly #atHome: LastEnds = new Map()
  readonly #others: LastEnds = new Map()
  /** Places of which nothing was to be relied on before anybody's turn. */
  #closed: ReadonlySet<number> | undefined

  constructor(holds: OwnHolds, untimed: Untimed) {
    this.#holds = holds
    this.#untimed = untimed
  }

  /** Before the first turn, once all is kept that will be. */
  begin(): void {
    this.#closed ??= new Set(this.#holds.places().filter((place) => this.#untimed.areAllBehind([place])))
  }

  /** Whether anybody may come to rely on what is kept for the line. */
  mayRestOn(line: Line): boolean {
    return this.#holds.heldFor(line).some((one) => this.#isOpen(one))
  }

  #isOpen({ room }: OwnHoldGone): boolean {
    return !room.places.every((place) => this.#closed!.has(place))
  }

  /** What was told at the turn of a line. */
  told(line: Line, request: LineRequest, found: readonly Found[]): void {
    for (const { room, isStart, behind, ownersFirst } of found) {
      if (room === null || isStart) continue
      const ends = ownersFirst === true || behind !== undefined ? this.#atHome : this.#others
      const endMs = room.startMs + line.limitMs
      ends.set(request, Math.max(endMs, ends.get(request) ?? endMs))
    }
  }

  /** At the turn of the line that gives it up. */
  includes(line: Line, gone: readonly OwnHoldGone[]): boolean {
    return gone.some((one) => {
      if (!this.#isOpen(one)) return false
      if (mayComeForward(this.#others, line, one)) return true
      // Whoever comes forward there is then in the way of those whose turn is yet to come.
      if (this.#untimed.areAllBehind(one.room.places)) return false
      return this.#holds.hasOthers(line) || mayComeForward(this.#atHome, line, one)
    })
  }
}

/** Whether any of them may take what is given up, or a part of it. */
function mayComeForward(ends: LastEnds, { spec }: Line, { room }: OwnHoldGone): boolean {
  for (const [{ places, plan }, endMs] of ends) {
    if (endMs <= room.startMs) continue
    if (room.places.some((place) => places.includes(place))) return true
    if (plan.hasPieces && Object.keys(spec.pieces).length > 0) return true
  }
  return false
}
