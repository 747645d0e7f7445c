import type { JobId } from "../../protocol/ids.ts"
import type { Calendar, Room } from "../calendar/calendar.ts"
import type { Line } from "./line.ts"
import type { MadeRoom, Preemptor } from "./preempt.ts"
import type { QueueJob, QueueScene } from "./queue-scene.ts"
import type { LineRequest } from "./requests.ts"

/** Owners on their own hosts: they go first there, and guests give way where there is no other way to start at once. */
export class OwnHosts {
  readonly #calendar: Calendar
  readonly #preemptor: Preemptor
  readonly #places = new Map<string, readonly number[]>()
  /** Who found no room on their own hosts. */
  readonly #failed = new Map<LineRequest, Set<string>>()
  /** Jobs that could start elsewhere: they preempt here only if at their turn that is so no more. */
  readonly #elsewhere = new Set<JobId>()

  constructor(scene: QueueScene, calendar: Calendar, preemptor: Preemptor) {
    this.#calendar = calendar
    this.#preemptor = preemptor
    for (const [place, { owner }] of scene.hosts.entries())
      if (owner !== null) this.#places.set(owner, [...(this.#places.get(owner) ?? []), place])
  }

  hasEnough({ user, hosts }: QueueJob): boolean {
    return hosts <= (this.#places.get(user)?.length ?? 0)
  }

  hasFailed({ spec }: Line, request: LineRequest): boolean {
    return this.#failed.get(request)?.has(spec.user) === true
  }

  /** Whether some are left that may preempt at their turn. */
  get mayPreempt(): boolean {
    return this.#elsewhere.size > 0
  }

  /** Room that nobody has to make. */
  freeNow(line: Line, { plan }: LineRequest): Room | null {
    const { nowMs } = this.#calendar.grid
    const { hosts } = line.spec
    const free = this.#placesOf(line, plan.asked.places)
      .filter((place) => plan.roomOn(place, nowMs) === nowMs)
      .slice(0, hosts)
    const room = { places: free.sort((a, b) => a - b), startMs: nowMs }
    return free.length === hosts && this.#calendar.hasRoom(plan, room) ? room : null
  }

  /** Room that guests make. Nobody is asked to leave for what could start elsewhere, where nobody has to. */
  makeRoom(line: Line, request: LineRequest): MadeRoom | null {
    const { nowMs } = this.#calendar.grid
    const { id, user } = line.spec
    if (this.#calendar.find(request.plan, nowMs + 0.5) !== null) {
      this.#elsewhere.add(id)
      return null
    }
    const made = this.#preemptor.makeOwnRoom(line, request, this.#placesOf(line, request.plan.asked.places))
    if (made === null) this.#failed.set(request, (this.#failed.get(request) ?? new Set()).add(user))
    return made
  }

  /** At its turn: others that went before it have taken since what was free elsewhere. */
  makeRoomAfterAll(line: Line, request: LineRequest): MadeRoom | null {
    if (!this.#elsewhere.has(line.spec.id)) return null
    return this.#preemptor.makeOwnRoom(line, request, this.#placesOf(line, request.plan.asked.places))
  }

  #placesOf({ spec }: Line, places: readonly number[]): readonly number[] {
    const own = this.#places.get(spec.user) ?? []
    return places.filter((place) => own.includes(place))
  }
}
