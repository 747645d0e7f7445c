import type { Calendar } from "../calendar/calendar.ts"
import { taskIndices } from "../request/array-tasks.ts"
import { Begins } from "./begins.ts"
import { ClosedPlaces } from "./closed-places.ts"
import { EarlierTurns, type KeptRoom, type Known } from "./earlier-turns.ts"
import { FirstTurns } from "./first-turns.ts"
import { type Found, given, waiting } from "./found.ts"
import { holdRunning } from "./hold-running.ts"
import { HostTimes } from "./host-times.ts"
import { LimitReasons } from "./limit-reasons.ts"
import { LimitedAlike } from "./limited-alike.ts"
import type { Line } from "./line.ts"
import type { LineRequest } from "./line-request.ts"
import { missesDeadline } from "./misses-deadline.ts"
import type { MostKept } from "./most-kept.ts"
import type { QueueOrder } from "./order-queue.ts"
import { OwnHolds } from "./own-holds.ts"
import { OwnHosts } from "./own-hosts.ts"
import { OwnRoom } from "./own-room.ts"
import { PartitionTurns, type Turn } from "./partition-turns.ts"
import { PlaceHolds } from "./place-holds.ts"
import { PlannedAround } from "./planned-around.ts"
import { Preemptor } from "./preempt.ts"
import type { WaitReason } from "./queue-plan.ts"
import type { QueueScene } from "./queue-scene.ts"
import { Requests } from "./requests.ts"
import { type PutOff, RoomElsewhere } from "./room-elsewhere.ts"
import { calendarOf } from "./scene-calendar.ts"
import { ITSELF, TASKS_RESERVED, TaskCounts } from "./task-counts.ts"
import { Untimed } from "./untimed.ts"
import { WhyNotNow } from "./why-not-now.ts"

const NOTHING_FOUND: readonly Found[] = []
const NOTHING_YET: Known = { begun: 0, kept: [] }

/** One way through the queue, line by line in order. */
export class QueuePass {
  readonly preemptor: Preemptor
  readonly own: OwnHosts
  readonly ownHolds: OwnHolds
  readonly around: PlannedAround
  readonly #ownRoom: OwnRoom
  readonly begins: Begins
  readonly first: FirstTurns
  readonly #elsewhere: RoomElsewhere
  readonly scene: QueueScene
  readonly calendar: Calendar
  readonly requests: Requests
  readonly #limits: LimitReasons
  readonly untimed: Untimed
  readonly #turns: PartitionTurns
  readonly earlier: EarlierTurns
  readonly #limited: LimitedAlike
  readonly #holds: PlaceHolds
  readonly #closed: ClosedPlaces
  readonly #taskCounts = new TaskCounts()
  readonly #why: WhyNotNow

  /** @param order all lines, as they will be visited */
  constructor(scene: QueueScene, order: QueueOrder, nowMs: number, mostKept: MostKept) {
    this.scene = scene
    this.calendar = calendarOf(scene, nowMs)
    holdRunning(this.calendar, scene, nowMs)
    this.#turns = new PartitionTurns(scene.policy)
    this.#closed = new ClosedPlaces(this.calendar, scene.hosts)
    this.#why = new WhyNotNow(scene, this.calendar, this.#closed)
    this.requests = new Requests(scene, this.calendar, new HostTimes(scene, nowMs))
    this.#limits = new LimitReasons(scene, order.standings, nowMs)
    this.untimed = new Untimed(this.#limits)
    this.earlier = new EarlierTurns(this.calendar, this.#limits, mostKept)
    this.#limited = new LimitedAlike(this.#limits, this.earlier)
    this.#holds = new PlaceHolds(scene, this.calendar, this.earlier)
    this.preemptor = new Preemptor(scene, this.calendar, order.standings)
    this.own = new OwnHosts(scene, this.calendar.profiles, this.preemptor, order.least)
    this.#elsewhere = new RoomElsewhere(order, this.requests, this.calendar)
    const { calendar, own, untimed, earlier } = this
    const parts = { calendar, own, earlier, limits: this.#limits, untimed }
    this.ownHolds = new OwnHolds(parts, this.preemptor.mayMakeRoom)
    this.around = new PlannedAround(this.ownHolds, earlier, untimed)
    this.#ownRoom = new OwnRoom(this.calendar, this.preemptor, this.own, this.#elsewhere)
    const { preemptor } = this
    const rooms = { preemptor, ownRoom: this.#ownRoom, elsewhere: this.#elsewhere }
    this.begins = new Begins({ ...parts, ...rooms, why: this.#why })
    this.first = new FirstTurns({
      ...parts,
      requests: this.requests,
      taskCounts: this.#taskCounts,
      room: this.#ownRoom,
      holds: this.ownHolds,
      preemptor,
      begins: this.begins,
    })
  }

  /** Its turn. Nothing where it has all of what it needs by its turn in another partition. Is it the last, what its job put off is done. */
  visit(line: Line): readonly Found[] {
    return this.#limited.of(line) ?? this.#visitAnew(line)
  }

  /** Its turn; who has no time after it is noted for those behind. */
  look(line: Line): readonly Found[] {
    const request = this.requests.of(line)
    const limited = this.#limited.of(line)
    if (limited !== undefined) return this.untimed.look(line, request, limited)
    const found = this.#visitAnew(line)
    this.around.turnOver(line, request)
    const told = this.untimed.look(line, request, found, this.earlier.of(line)?.kept, this.earlier.isSettled(line))
    this.around.told(line, request, told)
    return told
  }

  #visitAnew(line: Line): readonly Found[] {
    this.ownHolds.turnBegins(line)
    const earlier = this.earlier.of(line)
    const found = this.ownHolds.turnOver(line, this.#visitAll(line, earlier), earlier?.kept)
    return this.#limited.noted(line, this.#turns.of(line.standing.partition.name), found)
  }

  #visitAll(line: Line, earlier: Known | undefined): readonly Found[] {
    const found = this.#visit(line, earlier)
    if (this.#elsewhere.isEmpty || (this.earlier.of(line.spec)?.begun ?? 0) > 0) return found
    for (const putOff of this.#elsewhere.dueAt(line)) {
      const after = this.#afterAll(putOff)
      if (after !== null) return [after]
    }
    return found
  }

  /** Starts, reservations, or a reason, task by task. What is kept for it in another partition gives way to a start here. */
  #visit(line: Line, earlier: Known | undefined): readonly Found[] {
    const { spec, standing } = line
    if (earlier?.begun === (spec.array?.tasks.count ?? 1)) return NOTHING_FOUND
    if (standing.refusal !== null) return [waiting({ code: "not_allowed", text: standing.refusal })]
    const request = this.requests.of(line)
    if (request.possible < spec.hosts) return request.waiting(this.requests.tooFew(line, request))
    const never = this.#limits.neverReasonOf(line, request)
    if (never !== null) return request.waiting(never)
    const turn = this.#turns.of(standing.partition.name)
    const ahead = this.#turns.mustWait(line, request, turn)
    if (spec.partitions.length === 1 || ahead !== null) return this.#answer(line, request, turn, ahead, earlier)
    this.#holds.setAside(spec.id, request)
    this.#closed.setAside(spec.id, request)
    const found = this.#answer(line, request, turn, ahead, earlier)
    this.#closed.putBack()
    this.#holds.putBack(spec.id)
    return found
  }

  /** Task by task. */
  #answer(
    line: Line,
    request: LineRequest,
    turn: Turn,
    ahead: WaitReason | null,
    { begun, kept }: Known = NOTHING_YET,
  ): readonly Found[] {
    const { spec } = line
    const count = spec.array?.tasks.count ?? 1
    const found: Found[] = []
    const atOnce = spec.array?.tasks.atOnce ?? Number.POSITIVE_INFINITY
    let running = this.#taskCounts.runningOf(spec)
    let reserved = 0
    let mayStart = true
    let [keptElsewhere, left] = [0, count]
    let own: Found[] = []
    for (const task of spec.array === null ? ITSELF : taskIndices(spec.array.tasks)) {
      // The first ones have begun, and those after these have a time.
      if (left-- > count - begun) continue
      if (own.length > 0) {
        found.push({ ...own.shift()!, task })
        continue
      }
      if (keptElsewhere-- > 0) continue
      const refused =
        running >= atOnce ? ({ code: "array_limit", atOnce } as const) : (ahead ?? this.#limits.reasonOf(line, request))
      if (refused !== null) {
        const made = refused.code === "in_turn" ? this.#ownAfterAll(line, request, task, kept) : null
        if (made === null) {
          if (mayStart) own = this.ownHolds.foundAt(spec.id, request, kept, refused, false)
          mayStart = false
          if (own.length === 0) return request.rest(found, refused)
          found.push({ ...own.shift()!, task })
          continue
        }
        found.push(made)
        running++
        this.#taskCounts.started(spec)
        continue
      }
      if (mayStart) {
        const isInstead = kept.length > 0
        const started = this.earlier.startInstead(line, kept, request, () => this.begins.now(line, request, task))
        if (started !== null) {
          if (!isInstead) this.#holds.letGo(spec.id)
          found.push(started)
          running++
          this.#taskCounts.started(spec)
          continue
        }
        mayStart = false
        // A task that is reserved for will count as one that runs.
        reserved = kept.length
        running += reserved
        if (reserved > 0) {
          const why = this.#why.of(request, line)
          const mayMove = !turn.isFull && !this.earlier.staysOnOwn(spec) && !this.earlier.hasBetter(line, request)
          own = this.ownHolds.foundAt(spec.id, request, kept, why, mayMove)
          if (!turn.isFull && left < reserved)
            own.push(...this.earlier.earlierHere(line, request, kept, why, this.untimed))
          keptElsewhere = reserved - Math.max(1, own.length)
          if (own.length === 0) continue
          turn.firstWaiting ??= spec.booking === null ? spec.id : null
          found.push({ ...own.shift()!, task })
          continue
        }
      }
      if (reserved === TASKS_RESERVED) return request.rest(found, this.#why.of(request, line))
      const next = this.#reserve(line, request, task, turn, Math.min(left + 1, atOnce - running))
      if (next.room === null) return request.rest(found, next.reason!, next.holds)
      found.push(next)
      running++
      reserved++
    }
    // Beside what was found for the others there may be something earlier here for those that have their times elsewhere.
    if (!mayStart && kept.length > 0 && !turn.isFull)
      found.push(...this.earlier.earlierHere(line, request, kept, this.#why.of(request, line), this.untimed))
    return found
  }

  #ownAfterAll(line: Line, request: LineRequest, task: number | null, kept: KeptRoom[]): Found | null {
    const found = this.earlier.startInstead(line, kept, request, () => {
      if (this.#limits.mayNotBegin(line, request)) return null
      const made = this.#elsewhere.putsOff(line, request, true) ? null : this.#ownRoom.makeAfterAll(line, request)
      return made === null ? null : this.begins.inMadeRoom(line, request, task, made)
    })
    if (found !== null) this.#holds.letGo(line.spec.id)
    return found
  }

  /** What its job put off at the turn of this line, in place of all it has by now. */
  #afterAll({ line, request, isOwn }: PutOff): Found | null {
    const { spec } = line
    if (this.#limits.mayNotBegin(line, request)) return null
    const { kept } = this.earlier.of(spec) ?? NOTHING_YET
    this.#holds.setAside(spec.id, request)
    this.#closed.setAside(spec.id, request)
    const found = this.earlier.startInstead(line, kept, request, () => {
      const made = (isOwn ? null : this.preemptor.makeRoom(line, request)) ?? this.#ownRoom.makeAfterAll(line, request)
      return made === null ? null : { ...this.begins.inMadeRoom(line, request, null, made), line }
    })
    this.#closed.putBack()
    this.#holds.putBack(spec.id)
    if (found !== null) this.#holds.letGo(spec.id)
    return found
  }

  #reserve(line: Line, request: LineRequest, task: number | null, turn: Turn, rest: number): Found {
    const { spec } = line
    const why = this.#why.of(request, line)
    const { enabled } = this.scene.policy.backfill
    // Of those who hold no place nobody waits for the turn.
    if (line.standing.qos.noReserve || this.earlier.hasBetter(line, request)) return request.waiting(why)[0]
    const limited = this.#limits.plannedReasonOf(line, request)
    if (limited !== null) return request.waiting(limited)[0]
    const late = missesDeadline(line, request, this.calendar)
    if (late !== null) return waiting(late)
    if (!enabled) this.#closed.closeFor(spec, request, turn)
    else if (spec.booking === null) turn.firstWaiting ??= spec.id
    if (!enabled || turn.isFull) return request.waiting(why)[0]
    const room = this.calendar.find(request.plan, Number.POSITIVE_INFINITY)
    if (room === null)
      return this.requests.bookingEnds(line, request) ?? request.waiting(why, this.#holds.hold(line, request, rest))[0]
    this.#holds.letGo(spec.id)
    this.calendar.take(request.plan, room)
    this.earlier.kept(line, request, room)
    this.#limits.reserved(line, request, spec.partitions.length > 1)
    return given(task, room, this.calendar.grid.nowMs, why)
  }
}
