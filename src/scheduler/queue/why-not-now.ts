import type { Calendar } from "../calendar/calendar.ts"
import { AwayReasons } from "./away-reasons.ts"
import type { ClosedPlaces } from "./closed-places.ts"
import type { KeptRoom } from "./earlier-turns.ts"
import type { Line } from "./line.ts"
import type { LineRequest } from "./line-request.ts"
import type { WaitReason } from "./queue-plan.ts"
import type { QueueScene } from "./queue-scene.ts"
import { RoomNow } from "./room-now.ts"

const PRIORITY: WaitReason = { code: "priority" }

/** Why a line that waits for room does. */
export class WhyNotNow {
  readonly #calendar: Calendar
  readonly #closed: ClosedPlaces
  readonly #away: AwayReasons
  readonly #roomNow: RoomNow

  constructor(scene: QueueScene, calendar: Calendar, closed: ClosedPlaces) {
    this.#calendar = calendar
    this.#closed = closed
    this.#away = new AwayReasons(scene, calendar)
    this.#roomNow = new RoomNow(calendar)
  }

  /** Something starts: what was found of room holds no more. */
  started(): void {
    this.#roomNow.starts++
  }

  /** It is taken as soon as those are gone who are there. */
  isSoonTaken(kept: Pick<KeptRoom, "request" | "room">): void {
    this.#roomNow.isSoonTaken(kept)
  }

  /** Whether it is for those before it in the queue: without what is kept for them there would be room for as long as nothing else starts. */
  of(request: LineRequest, line: Line): WaitReason {
    const ahead = this.#closed.aheadOf(line.spec.id, request)
    if (ahead !== undefined) return { code: "in_turn", ahead, because: "strict" }
    if (!this.#roomNow.isFor(request)) return this.#away.reasonOf(line, request)
    const names = this.#calendar.missingPieces(line.spec.pieces)
    return names.length > 0 ? { code: "pieces", names } : PRIORITY
  }
}
