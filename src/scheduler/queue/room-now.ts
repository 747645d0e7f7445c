import type { Calendar } from "../calendar/calendar.ts"
import type { KeptRoom } from "./earlier-turns.ts"
import type { LineRequest } from "./line-request.ts"

/** Whether there would be room in this moment, were nothing kept for those who come later. */
export class RoomNow {
  readonly #calendar: Calendar
  /** What others have to leave first: until then it is kept, and not taken. */
  readonly #soon: KeptRoom[] = []

  constructor(calendar: Calendar) {
    this.#calendar = calendar
  }

  /** It is taken as soon as those are gone who are there. */
  isSoonTaken(kept: KeptRoom): void {
    this.#soon.push(kept)
  }

  /** @param starts how many have started: found once it holds for as long as that is the same */
  isFor(request: LineRequest, starts: number): boolean {
    if (request.roomSeen === starts) return request.hasRoomNow
    request.roomSeen = starts
    const { plan } = request
    const { nowMs } = this.#calendar.grid
    for (const { request: of, room } of this.#soon) this.#calendar.giveBack(of.plan, room)
    let free = 0
    for (const place of plan.asked.places) {
      const isClosed = plan.asked.closed[place]?.some(
        ({ startMs, endMs }) => startMs < nowMs + plan.asked.limitMs && endMs > nowMs,
      )
      if (isClosed !== true && plan.hasRoomNow(place)) free++
    }
    for (const { request: of, room } of this.#soon) this.#calendar.take(of.plan, room)
    request.hasRoomNow = free >= plan.asked.hosts
    return request.hasRoomNow
  }
}
