import type { Calendar } from "../calendar/calendar.ts"
import type { ClosedPlaces } from "./closed-places.ts"
import type { Line } from "./line.ts"
import type { LineRequest } from "./line-request.ts"
import type { WaitReason } from "./queue-plan.ts"
import { hasRoomAlone } from "./room-now.ts"

const RESOURCES: WaitReason = { code: "resources" }
const PRIORITY: WaitReason = { code: "priority" }

/** Why a line that waits for room does. */
export class WhyNotNow {
  readonly #calendar: Calendar
  readonly #closed: ClosedPlaces
  #starts = 0

  constructor(calendar: Calendar, closed: ClosedPlaces) {
    this.#calendar = calendar
    this.#closed = closed
  }

  /** Something starts: what was found of room holds no more. */
  started(): void {
    this.#starts++
  }

  /** Whether it is for those before it in the queue: without what is kept for them there would be room for as long as nothing else starts. */
  of(request: LineRequest, { spec }: Line): WaitReason {
    if (request.roomSeen !== this.#starts) {
      request.roomSeen = this.#starts
      request.hasRoomNow = hasRoomAlone(request.plan, this.#calendar.grid.nowMs)
    }
    const ahead = this.#closed.aheadOf(spec.id, request)
    if (ahead !== undefined) return { code: "in_turn", ahead, because: "strict" }
    if (!request.hasRoomNow) return RESOURCES
    const names = this.#calendar.missingPieces(spec.pieces)
    return names.length > 0 ? { code: "pieces", names } : PRIORITY
  }
}
