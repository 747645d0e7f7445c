import type { EarlierTurns } from "./earlier-turns.ts"
import type { Found } from "./found.ts"
import type { Line } from "./line.ts"
import type { LineRequest } from "./line-request.ts"
import { OWN_TURN } from "./most-kept.ts"
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
  readonly #earlier: EarlierTurns
  readonly #untimed: Untimed
  /** Of those whose own time is not to be relied on, or is on their owner's Mac, where nobody comes before them. They may have an earlier one elsewhere. */
  readonly #moveable: LastEnds = new Map()
  readonly #others: LastEnds = new Map()
  /** Places of which nothing was to be relied on before anybody's turn. */
  #closed: ReadonlySet<number> | undefined

  constructor(holds: OwnHolds, earlier: EarlierTurns, untimed: Untimed) {
    this.#holds = holds
    this.#earlier = earlier
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
      const ends = ownersFirst === true || behind !== undefined ? this.#moveable : this.#others
      const endMs = room.startMs + line.limitMs
      ends.set(request, Math.max(endMs, ends.get(request) ?? endMs))
    }
  }

  /** After the turn of a line: what was kept for it, and is given up though others rest on it, is not to be kept again. */
  turnOver(line: Line, request: LineRequest): void {
    this.begin()
    const { spec } = line
    const gone = this.#holds.goneAt(line).filter((one) => this.#isRestedOn(line, one))
    if (gone.length > 0) this.#earlier.gaveUp(spec.id, OWN_TURN, Math.max(...gone.map(({ room }) => room.startMs)))
    // Who stays may yet start elsewhere, as soon as there is room.
    if (this.#earlier.staysOnOwn(spec)) this.#untimed.noteOn(request.places, line, request)
  }

  #isRestedOn(line: Line, gone: OwnHoldGone): boolean {
    if (!this.#isOpen(gone)) return false
    if (mayComeForward(this.#others, line, gone)) return true
    // Whoever comes forward there is then in the way of those whose turn is yet to come.
    if (this.#untimed.areAllBehind(gone.room.places)) return false
    return this.#holds.hasOthers(line) || mayComeForward(this.#moveable, line, gone)
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
