import type { JobId } from "../../protocol/ids.ts"
import type { Calendar, Room } from "../calendar/calendar.ts"
import type { PlanRequest } from "../calendar/plan-request.ts"
import type { EarlierTurns, KeptRoom } from "./earlier-turns.ts"
import { type Found, given } from "./found.ts"
import type { LimitReasons } from "./limit-reasons.ts"
import type { Line } from "./line.ts"
import type { LineRequest } from "./line-request.ts"
import { endsLate } from "./misses-deadline.ts"
import type { OwnHosts } from "./own-hosts.ts"
import type { WaitReason } from "./queue-plan.ts"
import { TASKS_RESERVED } from "./task-counts.ts"
import type { Untimed } from "./untimed.ts"

/** Room on its sender's own hosts that was kept before all turns, until the turn of a line at which its job got another, or none. */
export interface OwnHoldGone {
  readonly line: Line
  readonly room: Room
}

interface Parts {
  readonly calendar: Calendar
  readonly own: OwnHosts
  readonly earlier: EarlierTurns
  readonly limits: LimitReasons
  readonly untimed: Untimed
}

const NONE_GONE: readonly OwnHoldGone[] = []
const NOTHING_KEPT: readonly KeptRoom[] = []

/** What a request finds on owners' own hosts. */
interface OnOwn {
  /** By user, before when there is no room on theirs: until the turns begin room only shrinks. */
  readonly boundsMs: Map<string, number>
  /** By user, the same on theirs alone, where it needs several. */
  readonly requests: Map<string, PlanRequest>
}

/**
 * What is kept for owners on their own hosts before anybody's turn. They go first there as soon as there is room, so what others are told counts
 * with that. At its own turn a job still takes an earlier time where there is one.
 */
export class OwnHolds {
  readonly #calendar: Calendar
  readonly #own: OwnHosts
  readonly #earlier: EarlierTurns
  readonly #limits: LimitReasons
  readonly #untimed: Untimed
  readonly #isNear: boolean
  readonly #onOwn = new Map<LineRequest, OnOwn>()
  readonly #byJob = new Map<JobId, OwnHoldGone[]>()
  readonly #places = new Set<number>()
  /** By user, the jobs for which something is kept, or would be if it were earlier. */
  readonly #jobs = new Map<string, Set<JobId>>()
  /** Places where some of it was given up by now. */
  readonly #freed = new Set<number>()
  readonly #gone = new Map<Line, OwnHoldGone[]>()

  /** @param mayPreempt others than owners may preempt */
  constructor({ calendar, own, earlier, limits, untimed }: Parts, mayPreempt: boolean) {
    this.#calendar = calendar
    this.#own = own
    this.#earlier = earlier
    this.#limits = limits
    this.#untimed = untimed
    this.#isNear = mayPreempt
  }

  /**
   * @param mayRun how many of its tasks may run at once beside those that do
   * @param mayPreempt it may ask guests there to go at its turn
   * @returns for how many of them nothing is kept, since what they have elsewhere is better for certain
   */
  keep(line: Line, request: LineRequest, mayRun: number, mayPreempt = false): number {
    const { spec, standing } = line
    let better = 0
    if (standing.qos.noReserve || request.ownFull.has(spec.user) || !this.#own.mayHold(spec.user)) return better
    const isNear = this.#isNear || mayPreempt || spec.hosts > 1 || request.plan.hasPieces
    const bound = this.#earlier.ownBoundOf(spec)
    const atHome = this.#earlier.homeBoundOf(line)
    const count = Math.min(mayRun, TASKS_RESERVED)
    for (let held = 0; held < count; held++) {
      if (this.#limits.plannedReasonOf(line, request) !== null) break
      const room = this.#first(line, request)
      if (room === null || endsLate(line, room.startMs)) break
      if (atHome !== undefined && room.startMs > atHome.insteadMs) {
        // By another line it has something there that is earlier.
        if (atHome.guess === undefined) better++
        this.#concerns(line)
        break
      }
      if (bound !== undefined && held >= bound.most && room.startMs > bound.insteadMs) {
        // It has something better by its turn, and its place in a limit until then.
        this.#limits.reserved(line, request, true)
        if (bound.guess === undefined && spec.array === null) better++
        this.#concerns(line)
        continue
      }
      this.#calendar.take(request.plan, room)
      for (const place of room.places) this.#places.add(place)
      this.#limits.reserved(line, request, true)
      this.#earlier.kept(line, request, room, { isNear, behind: this.#untimed.firstBefore(line, room) })
      const known = this.#byJob.get(spec.id)
      if (known === undefined) this.#hold(line, room)
      else known.push({ line, room })
    }
    return better
  }

  #hold(line: Line, room: Room): void {
    this.#byJob.set(line.spec.id, [{ line, room }])
    this.#concerns(line)
  }

  #concerns({ spec: { id, user } }: Line): void {
    const jobs = this.#jobs.get(user)
    if (jobs === undefined) this.#jobs.set(user, new Set([id]))
    else jobs.add(id)
  }

  /** Of a job in several partitions: on its sender's hosts in another of them it may have room earlier than what was kept for it by now. */
  improve(line: Line, request: LineRequest, kept: KeptRoom[], mayPreempt = false): void {
    const { spec, standing } = line
    const [before] = kept
    if (before?.own === undefined || standing.qos.noReserve || request.ownFull.has(spec.user)) return
    if (!this.#own.mayHold(spec.user) || this.#earlier.staysOnOwn(spec)) return
    // It is not in its own way.
    this.#calendar.giveBack(before.request.plan, before.room)
    this.#onOwnOf(request).boundsMs.delete(spec.user)
    const room = this.#first(line, request)
    if (room === null || room.startMs >= before.room.startMs || endsLate(line, room.startMs)) {
      this.#calendar.take(before.request.plan, before.room)
      return
    }
    this.#calendar.take(request.plan, room)
    // Others of its sender have planned around what it had until now.
    if (this.hasOthers(line)) this.#earlier.movedAtHome(spec.id, before.partition, before.room.startMs, room.startMs)
    for (const place of room.places) this.#places.add(place)
    const isNear = this.#isNear || mayPreempt || spec.hosts > 1 || request.plan.hasPieces
    const own = { isNear, behind: this.#untimed.firstBefore(line, room) }
    kept[0] = { request, room, partition: standing.partition.name, own }
    this.#byJob.set(spec.id, [{ line, room }])
  }

  /** It starts before all turns. */
  letGo({ spec: { id, user } }: Line): void {
    this.#byJob.delete(id)
    this.#jobs.get(user)?.delete(id)
  }

  /** What is kept for the line by now. */
  heldFor(line: Line): readonly OwnHoldGone[] {
    const held = this.#byJob.get(line.spec.id)
    return held === undefined || held[0]?.line !== line ? NONE_GONE : held
  }

  /** Where something was kept for anybody. */
  get places(): ReadonlySet<number> {
    return this.#places
  }

  /** Whether something is kept for other jobs of the line's sender, or would be if it were earlier. */
  hasOthers({ spec: { id, user } }: Line): boolean {
    const jobs = this.#jobs.get(user)
    return jobs !== undefined && jobs.size > (jobs.has(id) ? 1 : 0)
  }

  /** At the turn of a line, before anything is found: of its job what is kept counts against limits, and no more. */
  turnBegins({ spec }: Line): void {
    if (this.#earlier.ownBoundOf(spec) !== undefined)
      this.#limits.keeps(spec.id, this.#earlier.of(spec)?.kept.length ?? 0)
  }

  /** At the turn of the line for which it was kept: what its tasks have now. Where the reason is a limit that is none. */
  foundAt(job: JobId, request: LineRequest, kept: KeptRoom[], reason: WaitReason, mayMove: boolean): Found[] {
    const isOff = reason.code === "limit" || reason.code === "array_limit"
    const found: Found[] = []
    const stays: KeptRoom[] = []
    // Those that would begin last first: so the others stay where they are.
    for (const one of kept.toReversed()) {
      if (one.own === undefined || one.isTold || (one.request !== request && !isOff)) stays.push(one)
      else if (isOff) this.#calendar.giveBack(one.request.plan, one.room)
      else {
        const room = mayMove ? this.#earlierRoom(one) : one.room
        if (room !== one.room) for (const place of one.room.places) this.#freed.add(place)
        const { partition } = one
        stays.push(room === one.room ? { ...one, isTold: true } : { request, room, partition })
        const isOwn = room === one.room
        const behind = isOwn && one.own.behind !== undefined ? { behind: one.own.behind } : {}
        found.push({ ...given(null, room, this.#calendar.grid.nowMs, reason), ownersFirst: isOwn, ...behind })
      }
    }
    kept.splice(0, kept.length, ...stays.reverse())
    this.#limits.keeps(job, kept.length)
    return found.sort((a, b) => a.room!.startMs - b.room!.startMs)
  }

  /**
   * After the turn of the line.
   * @param stays what is still kept for its job
   * @returns what was found. Of an array that has something better elsewhere for some tasks nobody can say how late they will be: which of them it is may change as each begins
   */
  turnOver(line: Line, found: readonly Found[], stays: readonly KeptRoom[] = NOTHING_KEPT): readonly Found[] {
    const { id, user, array } = line.spec
    const before = this.#byJob.get(id) ?? NONE_GONE
    const isKept = (one: OwnHoldGone) => stays.some(({ room }) => room === one.room)
    const gone = before.filter((one) => !isKept(one))
    if (gone.length > 0) {
      this.#gone.set(line, gone)
      for (const { room } of gone) for (const place of room.places) this.#freed.add(place)
      const stay = before.filter(isKept)
      this.#byJob.set(id, stay)
      if (stay.length === 0) this.#jobs.get(user)!.delete(id)
    }
    if (array === null || (gone.length === 0 && this.#earlier.ownBoundOf(line.spec) === undefined)) return found
    return found.map((one) =>
      one.room === null || one.isStart || one.ownersFirst === true ? one : { ...one, behind: id },
    )
  }

  /** What was kept for the line's job until then. */
  goneAt(line: Line): readonly OwnHoldGone[] {
    return this.#gone.get(line) ?? NONE_GONE
  }

  #earlierRoom({ request: { plan }, room, own }: KeptRoom): Room {
    // Beside itself it would not find what others gave up right before it.
    if (own!.isNear || room.places.some((place) => this.#freed.has(place))) return this.#calendar.improve(plan, room)
    const better = this.#calendar.find(plan, room.startMs)
    if (better === null) return room
    this.#calendar.take(plan, better)
    this.#calendar.giveBack(plan, room)
    return better
  }

  #first({ spec }: Line, request: LineRequest): Room | null {
    const { plan } = request
    const { user } = spec
    const { boundsMs, requests } = this.#onOwnOf(request)
    // In the order in which it takes them.
    const places = this.#own.among(plan.asked.places, user)
    if (spec.hosts > 1 || plan.hasPieces) {
      const onOwn = requests.get(user) ?? this.#calendar.request({ ...plan.asked, places })
      requests.set(user, onOwn)
      return this.#calendar.find(onOwn, Number.POSITIVE_INFINITY)
    }
    const fromMs = boundsMs.get(user) ?? this.#calendar.grid.nowMs
    let [firstMs, first] = [Number.POSITIVE_INFINITY, -1]
    for (const place of places) {
      const ms = plan.roomOn(place, fromMs)
      if (ms < firstMs) [firstMs, first] = [ms, place]
      if (ms === fromMs) break
    }
    boundsMs.set(user, firstMs)
    if (first !== -1) return { places: [first], startMs: firstMs }
    request.ownFull.add(user)
    this.#own.heldNothing(user)
    return null
  }

  #onOwnOf(request: LineRequest): OnOwn {
    let onOwn = this.#onOwn.get(request)
    if (onOwn === undefined) {
      onOwn = { boundsMs: new Map(), requests: new Map() }
      this.#onOwn.set(request, onOwn)
    }
    return onOwn
  }
}
