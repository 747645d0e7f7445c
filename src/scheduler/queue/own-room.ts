import type { JobId } from "../../protocol/ids.ts"
import type { Calendar, Room } from "../calendar/calendar.ts"
import type { MadeRoom } from "./found.ts"
import type { Line } from "./line.ts"
import type { LineRequest } from "./line-request.ts"
import type { OwnHosts } from "./own-hosts.ts"
import type { Preemptor } from "./preempt.ts"
import type { RoomElsewhere } from "./room-elsewhere.ts"

/** Room for owners on their own hosts: what is free there, and what guests make where a job could not start elsewhere. */
export class OwnRoom {
  readonly #calendar: Calendar
  readonly #preemptor: Preemptor
  readonly #own: OwnHosts
  readonly #otherTurns: RoomElsewhere
  /** Jobs that could start elsewhere: they preempt here only if at their turn that is so no more. */
  readonly #elsewhere = new Set<JobId>()

  constructor(calendar: Calendar, preemptor: Preemptor, own: OwnHosts, otherTurns: RoomElsewhere) {
    this.#calendar = calendar
    this.#preemptor = preemptor
    this.#own = own
    this.#otherTurns = otherTurns
  }

  /** Whether some are left that may preempt at their turn. */
  get mayPreempt(): boolean {
    return this.#elsewhere.size > 0
  }

  /** Whether it could start elsewhere, and may preempt here at its turn. */
  isElsewhere(job: JobId): boolean {
    return this.#elsewhere.has(job)
  }

  /** Room that nobody has to make. */
  freeNow(line: Line, { plan }: LineRequest): Room | null {
    const { nowMs } = this.#calendar.grid
    const { hosts } = line.spec
    const free = this.#own
      .among(plan.asked.places, line.spec.user)
      .filter((place) => plan.hasRoomAt(place, nowMs))
      .slice(0, hosts)
    const room = { places: free.sort((a, b) => a - b), startMs: nowMs }
    return free.length === hosts && this.#calendar.hasRoom(plan, room) ? room : null
  }

  /** Room that guests make. Nobody is asked to leave for what could start elsewhere, where nobody has to. */
  make(line: Line, request: LineRequest): MadeRoom | null {
    const { id, user } = line.spec
    if (this.#calendar.findNow(request.plan) !== null || this.#otherTurns.isThereFor(line, true)) {
      this.#elsewhere.add(id)
      return null
    }
    const made = this.#preemptor.makeOwnRoom(line, request, this.#own.among(request.plan.asked.places, user))
    if (made === null && !this.#preemptor.isSoonWithout) {
      request.ownFailed.add(user)
      this.#own.foundNothing(user)
    }
    return made
  }

  /** At its turn: others that went before it have taken since what was free elsewhere. */
  makeAfterAll(line: Line, request: LineRequest): MadeRoom | null {
    const { id, user } = line.spec
    if (!this.#elsewhere.has(id)) return null
    return this.#preemptor.makeOwnRoom(line, request, this.#own.among(request.plan.asked.places, user))
  }
}
