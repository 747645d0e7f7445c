import type { Calendar } from "../calendar/calendar.ts"
import type { KeptRoom } from "./earlier-turns.ts"
import type { LineRequest } from "./line-request.ts"

/** Whether there would be room in this moment, were nothing kept for those who come later. */
export class RoomNow {
  readonly #calendar: Calendar
  /** How many have started: what was found once holds for as long as that is the same. */
  starts = 0
  /** What others have to leave first: until then it is kept, and not taken. */
  readonly #soon: Pick<KeptRoom, "request" | "room">[] = []

  constructor(calendar: Calendar) {
    this.#calendar = calendar
  }

  /** It is taken as soon as those are gone who are there. */
  isSoonTaken(kept: Pick<KeptRoom, "request" | "room">): void {
    this.#soon.push(kept)
  }

  isFor(request: LineRequest): boolean {
    if (request.roomSeen === this.starts) return request.hasRoomNow
    request.roomSeen = this.starts
    for (const { request: of, room } of this.#soon) this.#calendar.giveBack(of.plan, room)
    request.hasRoomNow = request.plan.hasRoomInStep
    for (const { request: of, room } of this.#soon) this.#calendar.take(of.plan, room)
    return request.hasRoomNow
  }
}
