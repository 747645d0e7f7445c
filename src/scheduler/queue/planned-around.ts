import type { Room } from "../calendar/calendar.ts"
import type { EarlierTurns } from "./earlier-turns.ts"
import type { Found } from "./found.ts"
import type { Line } from "./line.ts"
import type { LineRequest } from "./line-request.ts"
import { OWN_TURN } from "./most-kept.ts"
import type { OwnHoldGone, OwnHolds } from "./own-holds.ts"
import type { Untimed } from "./untimed.ts"

/**
 * Whether a time that somebody was told, or is yet to be told, rests on what was kept for an owner's job and is given up. Whoever comes forward into it is then in
 * the way of those further down who were told of room there. Times of those behind somebody who has none are not relied on and do not count.
 */
export class PlannedAround {
  readonly #holds: OwnHolds
  readonly #earlier: EarlierTurns
  readonly #untimed: Untimed
  /** Who may come forward: by request, when the last of those who ask for it is to end. */
  readonly #ends = new Map<LineRequest, number>()
  /** By place, when the last of those is to end who rely on their times there. */
  readonly #reliedOnMs = new Map<number, number>()
  /** Places where something is kept, and somebody may rely on a time; absent before the first turn. */
  #open: Set<number> | undefined

  constructor(holds: OwnHolds, earlier: EarlierTurns, untimed: Untimed) {
    this.#holds = holds
    this.#earlier = earlier
    this.#untimed = untimed
  }

  /** Whether something that is kept may yet be given up that anybody rests on. To be asked once all is kept that will be. */
  get mayBe(): boolean {
    const open = this.#opened()
    for (const place of open) {
      if (this.#isOpen(place)) return true
      // Nor will anybody rely on a time there later.
      open.delete(place)
    }
    return false
  }

  /** Whether that may be so of what is kept for the line. */
  mayRestOn(line: Line): boolean {
    this.#opened()
    return this.#holds.heldFor(line).some(({ room }) => room.places.some((place) => this.#isOpen(place)))
  }

  #opened(): Set<number> {
    this.#open ??= new Set(this.#holds.places)
    return this.#open
  }

  #isOpen(place: number): boolean {
    return this.#opened().has(place) && (this.#reliedOnMs.has(place) || !this.#untimed.areAllBehind([place]))
  }

  /** What was told at the turn of a line. */
  told(line: Line, request: LineRequest, found: readonly Found[]): void {
    // What it has from another turn is found again at this one, once it is earlier here.
    if (line.asking.hasSeveralTurns)
      for (const { room } of this.#earlier.of(line.spec)?.kept ?? [])
        this.#mayMove(request, room.startMs + line.limitMs)
    for (const { room, isStart, behind, ownersFirst } of found) {
      if (room === null) continue
      const endMs = room.startMs + line.limitMs
      // Also what starts: it might do so on another host.
      this.#mayMove(request, endMs)
      if (behind !== undefined) this.#earlier.noteBehind(room)
      // On an owner's own Mac nobody comes before what was kept there.
      if (isStart || behind !== undefined || ownersFirst === true) continue
      for (const place of room.places)
        this.#reliedOnMs.set(place, Math.max(endMs, this.#reliedOnMs.get(place) ?? endMs))
    }
  }

  #mayMove(request: LineRequest, endMs: number): void {
    this.#ends.set(request, Math.max(endMs, this.#ends.get(request) ?? endMs))
  }

  /** After the turn of a line: what was kept for it, and is given up though others rest on it, is not to be kept again. */
  turnOver(line: Line, request: LineRequest): void {
    this.#opened()
    const { spec } = line
    const gone = this.#holds.goneAt(line).filter((one) => this.#isRestedOn(line, one))
    if (gone.length > 0) this.#earlier.gaveUp(spec.id, OWN_TURN, Math.max(...gone.map(({ room }) => room.startMs)))
    // It may yet start elsewhere, as soon as there is room, and others in its place.
    if (this.#earlier.isUnsettled(line)) this.#untimed.noteOn(request.places, line)
  }

  #isRestedOn(line: Line, { room }: OwnHoldGone): boolean {
    if (!room.places.some((place) => this.#isOpen(place))) return false
    // Of those whose turn is yet to come somebody may.
    const isOpen = !this.#untimed.areAllBehind(room.places)
    if (!isOpen && !room.places.some((place) => (this.#reliedOnMs.get(place) ?? 0) > room.startMs)) return false
    return (isOpen && this.#holds.hasOthers(line)) || mayComeForward(this.#ends, line, room)
  }
}

/** Whether any of them may take what is given up, or a part of it. */
function mayComeForward(ends: ReadonlyMap<LineRequest, number>, { spec }: Line, room: Room): boolean {
  for (const [{ places, plan }, endMs] of ends) {
    if (endMs <= room.startMs) continue
    if (room.places.some((place) => places.includes(place))) return true
    if (plan.hasPieces && Object.keys(spec.pieces).length > 0) return true
  }
  return false
}
