import type { Calendar, Room } from "../calendar/calendar.ts"
import type { EarlierTurns } from "./earlier-turns.ts"
import { type Found, given, type MadeRoom, preempting } from "./found.ts"
import type { LimitReasons } from "./limit-reasons.ts"
import type { Line } from "./line.ts"
import type { LineRequest } from "./line-request.ts"
import { endsLate } from "./misses-deadline.ts"
import type { OwnRoom } from "./own-room.ts"
import type { Preemptor } from "./preempt.ts"
import type { RoomElsewhere } from "./room-elsewhere.ts"
import type { WhyNotNow } from "./why-not-now.ts"

interface Parts {
  readonly calendar: Calendar
  readonly earlier: EarlierTurns
  readonly limits: LimitReasons
  readonly preemptor: Preemptor
  readonly ownRoom: OwnRoom
  readonly elsewhere: RoomElsewhere
  readonly why: WhyNotNow
}

/** What begins: where there is room, or where others make it. */
export class Begins {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Whether somebody may start though no host has room. */
  get mayMakeRoom(): boolean {
    const { preemptor, ownRoom } = this.#parts
    return preemptor.mayMakeRoom || ownRoom.mayPreempt
  }

  /** At its turn, as soon as it may; `null` where it waits. */
  now(line: Line, request: LineRequest, task: number | null): Found | null {
    const { calendar, limits, preemptor, ownRoom, elsewhere } = this.#parts
    if (endsLate(line, calendar.grid.nowMs)) return null
    const room = calendar.findNow(request.plan)
    if ((room === null && !this.mayMakeRoom) || limits.mayNotBegin(line, request)) return null
    if (room !== null) {
      calendar.take(request.plan, room)
      return this.inFreeRoom(line, request, task, room)
    }
    if (elsewhere.putsOff(line, request)) return null
    const made = preemptor.makeRoom(line, request) ?? ownRoom.makeAfterAll(line, request)
    return made === null ? null : this.inMadeRoom(line, request, task, made)
  }

  /** In room that it has taken. @param isBefore before its turn */
  inFreeRoom(line: Line, request: LineRequest, task: number | null, room: Room, isBefore = false): Found {
    this.#started(line, request, isBefore)
    return given(task, room, this.#parts.calendar.grid.nowMs)
  }

  /** In room that others make for it. @param isBefore before its turn */
  inMadeRoom(line: Line, request: LineRequest, task: number | null, made: MadeRoom, isBefore = false): Found {
    const { calendar, why } = this.#parts
    const { nowMs } = calendar.grid
    const { startMs, preempts, after } = made
    this.#started(line, request, isBefore, startMs > nowMs, after.length > 0)
    if (startMs > nowMs) why.isSoonTaken({ request, room: made })
    const reason = after.length > 0 ? preempting(after, preempts, startMs) : ({ code: "resources" } as const)
    return { ...given(task, made, nowMs, startMs > nowMs ? reason : null), preempts }
  }

  #started(line: Line, request: LineRequest, isBefore: boolean, isSoon = false, isAsked = false): void {
    const { earlier, limits, why } = this.#parts
    why.started()
    earlier.begun(line.spec, isBefore)
    limits.started(line, request, isSoon, isAsked)
  }
}
