import type { JobId } from "../../protocol/ids.ts"
import type { Calendar, Room } from "../calendar/calendar.ts"
import type { PlanRequest } from "../calendar/plan-request.ts"
import type { EarlierTurns, KeptRoom } from "./earlier-turns.ts"
import { type Found, given } from "./found.ts"
import type { Line } from "./line.ts"
import type { LineRequest } from "./line-request.ts"
import type { OwnHosts } from "./own-hosts.ts"
import type { WaitReason } from "./queue-plan.ts"
import { TASKS_RESERVED } from "./task-counts.ts"

/** Room on its sender's own hosts that was kept before all turns, until the turn of a line at which its job got another, or none. */
export interface OwnHoldGone {
  readonly line: Line
  readonly room: Room
}

/**
 * What is kept for owners on their own hosts before anybody's turn. They go first there as soon as there is room, so what others are told counts
 * with that. At its own turn a job still takes an earlier time where there is one.
 */
export class OwnHolds {
  readonly #calendar: Calendar
  readonly #own: OwnHosts
  readonly #earlier: EarlierTurns
  readonly #isNear: boolean
  /** By request and user, before when there is no room: until the turns begin room only shrinks. */
  readonly #bounds = new Map<LineRequest, Map<string, number>>()
  readonly #onOwn = new Map<LineRequest, Map<string, PlanRequest>>()
  readonly #byJob = new Map<JobId, OwnHoldGone[]>()
  readonly #gone = new Map<Line, OwnHoldGone[]>()

  /** @param mayPreempt others than owners may preempt */
  constructor(calendar: Calendar, own: OwnHosts, earlier: EarlierTurns, mayPreempt: boolean) {
    this.#calendar = calendar
    this.#own = own
    this.#earlier = earlier
    this.#isNear = mayPreempt
  }

  /** @param mayRun how many of its tasks may run at once beside those that do */
  keep(line: Line, request: LineRequest, mayRun: number): void {
    const { spec, standing, limitMs } = line
    if (standing.qos.noReserve || !this.#own.mayHold(spec.user)) return
    const isNear = this.#isNear || spec.hosts > 1 || request.plan.hasPieces
    for (let left = Math.min(mayRun, TASKS_RESERVED); left > 0; left--) {
      const room = this.#first(line, request)
      if (room === null || (spec.deadlineMs !== null && room.startMs + limitMs > spec.deadlineMs)) return
      this.#calendar.take(request.plan, room)
      this.#earlier.kept(spec, request, room, { isNear })
      const known = this.#byJob.get(spec.id)
      if (known === undefined) this.#byJob.set(spec.id, [{ line, room }])
      else known.push({ line, room })
    }
  }

  /** At the turn of the line for which it was kept: what its tasks have now. Where the reason is a limit that is none. */
  foundAt(request: LineRequest, kept: KeptRoom[], reason: WaitReason, mayMove: boolean): Found[] {
    const isOff = reason.code === "limit" || reason.code === "array_limit"
    const found: Found[] = []
    const stays: KeptRoom[] = []
    for (const one of kept) {
      if (one.own === undefined || (one.request !== request && !isOff)) stays.push(one)
      else if (isOff) this.#calendar.giveBack(one.request.plan, one.room)
      else {
        const room = mayMove ? this.#earlierRoom(one) : one.room
        stays.push(room === one.room ? one : { request, room })
        found.push({ ...given(null, room, this.#calendar.grid.nowMs, reason), ownersFirst: room === one.room })
      }
    }
    kept.splice(0, kept.length, ...stays)
    return found.sort((a, b) => a.room!.startMs - b.room!.startMs)
  }

  /** After the turn of the line. */
  turnOver(line: Line): void {
    const before = this.#byJob.get(line.spec.id)
    if (before === undefined) return
    const kept = new Set(this.#earlier.of(line.spec)?.kept.map(({ room }) => room))
    const gone = before.filter(({ room }) => !kept.has(room))
    if (gone.length === 0) return
    this.#gone.set(line, gone)
    this.#byJob.set(
      line.spec.id,
      before.filter(({ room }) => kept.has(room)),
    )
  }

  /** What was kept for the line's job until then. */
  goneAt(line: Line): readonly OwnHoldGone[] {
    return this.#gone.size === 0 ? [] : (this.#gone.get(line) ?? [])
  }

  #earlierRoom({ request: { plan }, room, own }: KeptRoom): Room {
    if (own!.isNear) return this.#calendar.improve(plan, room)
    const better = this.#calendar.find(plan, room.startMs)
    if (better === null) return room
    this.#calendar.take(plan, better)
    this.#calendar.giveBack(plan, room)
    return better
  }

  #first({ spec }: Line, request: LineRequest): Room | null {
    const { plan } = request
    const { nowMs } = this.#calendar.grid
    if (spec.hosts > 1 || plan.hasPieces)
      return this.#calendar.find(this.#requestOnOwn(spec.user, request), Number.POSITIVE_INFINITY)
    const bounds = this.#bounds.get(request) ?? new Map<string, number>()
    this.#bounds.set(request, bounds)
    const fromMs = bounds.get(spec.user) ?? nowMs
    if (fromMs === Number.POSITIVE_INFINITY) return null
    const own = this.#own.placesOf(spec.user)
    let [firstMs, first] = [Number.POSITIVE_INFINITY, -1]
    for (const place of plan.asked.places) {
      if (!own.includes(place)) continue
      const ms = plan.roomOn(place, fromMs)
      if (ms < firstMs) [firstMs, first] = [ms, place]
    }
    bounds.set(spec.user, firstMs)
    if (first === -1) this.#own.heldNothing(spec.user)
    return first === -1 ? null : { places: [first], startMs: firstMs }
  }

  #requestOnOwn(user: string, request: LineRequest): PlanRequest {
    const known = this.#onOwn.get(request) ?? new Map<string, PlanRequest>()
    this.#onOwn.set(request, known)
    let onOwn = known.get(user)
    if (onOwn === undefined) {
      const { asked } = request.plan
      const own = this.#own.placesOf(user)
      onOwn = this.#calendar.request({ ...asked, places: asked.places.filter((place) => own.includes(place)) })
      known.set(user, onOwn)
    }
    return onOwn
  }
}
