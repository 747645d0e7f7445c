import type { Found } from "./found.ts"
import type { Line } from "./line.ts"
import type { LineRequest } from "./line-request.ts"
import type { OwnHoldGone, OwnHolds } from "./own-holds.ts"
import type { Untimed } from "./untimed.ts"

/**
 * Whether anybody was told a time that rests on what was kept for an owner's job and is given up. Whoever has no time to rely on does not count: those behind
 * who is without a time, and owners on their own Macs, who come before all.
 */
export class PlannedAround {
  readonly #holds: OwnHolds
  readonly #untimed: Untimed
  /** Who was told a time by now: when the last of those who ask alike is to end. */
  readonly #lastEndMs = new Map<LineRequest, number>()

  constructor(holds: OwnHolds, untimed: Untimed) {
    this.#holds = holds
    this.#untimed = untimed
  }

  /** What was told at the turn of a line. */
  told(line: Line, request: LineRequest, found: readonly Found[]): void {
    for (const { room, isStart, behind, ownersFirst } of found) {
      if (room === null || isStart || behind !== undefined || ownersFirst === true) continue
      const endMs = room.startMs + line.limitMs
      this.#lastEndMs.set(request, Math.max(endMs, this.#lastEndMs.get(request) ?? endMs))
    }
  }

  /** At the turn of the line that gives it up. */
  includes(line: Line, gone: readonly OwnHoldGone[]): boolean {
    // Its owner's next job may come forward, and be in the way of those whose turn is yet to come.
    const isNextThere = this.#holds.hasOthers(line)
    return gone.some(({ room }) => {
      if (isNextThere && !this.#untimed.areAllBehind(room.places)) return true
      for (const [request, endMs] of this.#lastEndMs)
        if (room.startMs < endMs && mayBeInTheWay(line, room.places, request)) return true
      return false
    })
  }
}

function mayBeInTheWay({ spec }: Line, places: readonly number[], request: LineRequest): boolean {
  if (places.some((place) => request.places.includes(place))) return true
  return request.plan.hasPieces && Object.keys(spec.pieces).length > 0
}
