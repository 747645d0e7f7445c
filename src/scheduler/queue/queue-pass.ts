import type { JobId } from "../../protocol/ids.ts"
import type { Calendar, Room } from "../calendar/calendar.ts"
import type { Profile } from "../calendar/profile.ts"
import { taskIndices } from "../request/array-tasks.ts"
import { endOf, heldBy } from "./attempt-room.ts"
import { type Found, given, NOWHERE, waiting } from "./found.ts"
import { HostTimes } from "./host-times.ts"
import { LimitReasons } from "./limit-reasons.ts"
import type { Line } from "./line.ts"
import type { LineRequest } from "./line-request.ts"
import { OwnHosts } from "./own-hosts.ts"
import { OwnRoom } from "./own-room.ts"
import { PlaceHolds } from "./place-holds.ts"
import { type MadeRoom, Preemptor } from "./preempt.ts"
import type { QueueEntry, WaitReason } from "./queue-plan.ts"
import type { QueueScene } from "./queue-scene.ts"
import { Requests } from "./requests.ts"
import { calendarOf } from "./scene-calendar.ts"
import type { Standings } from "./standings.ts"
import { TASKS_RESERVED, TaskCounts } from "./task-counts.ts"

/** The tasks of a job that is no array. */
const ITSELF: readonly null[] = [null]
const NOTHING_FOUND: readonly Found[] = []
const RESOURCES: WaitReason = { code: "resources" }
const PRIORITY: WaitReason = { code: "priority" }

/** How far a partition's queue has been looked at. */
interface Turn {
  /** Requests for which exact times are sought. */
  readonly requests: Set<LineRequest>
  /** The first job that waits in it for room. */
  firstWaiting: JobId | null
  /** So many different requests stood in it that no exact time is sought for who comes now. */
  isFull: boolean
}

/** One way through the queue, line by line in order. */
export class QueuePass {
  readonly preemptor: Preemptor
  readonly own: OwnHosts
  readonly #ownRoom: OwnRoom
  readonly #scene: QueueScene
  readonly #calendar: Calendar
  readonly #requests: Requests
  readonly #limits: LimitReasons
  readonly #turns = new Map<string, Turn>()
  /** Jobs with a time, and the room that is kept for those that do not start. */
  readonly #settled = new Map<JobId, { readonly request: LineRequest; readonly room: Room } | "started">()
  readonly #holds: PlaceHolds
  /** In strict order: for whom nobody else starts there. */
  readonly #closedFor = new Map<number, JobId>()
  readonly #taskCounts = new TaskCounts()
  #starts = 0

  constructor(scene: QueueScene, standings: Standings, nowMs: number) {
    this.#scene = scene
    this.#calendar = calendarOf(scene, nowMs)
    const places = new Map(scene.hosts.map(({ id }, place) => [id, place]))
    for (const attempt of scene.running) {
      const endMs = endOf(attempt, nowMs)
      for (const place of attempt.hosts.flatMap((id) => places.get(id) ?? []))
        this.#calendar.hold(place, heldBy(attempt, scene, place), nowMs, endMs)
      this.#calendar.holdPieces(attempt.pieces, nowMs, endMs)
    }
    this.#holds = new PlaceHolds(scene, this.#calendar)
    this.#requests = new Requests(scene, this.#calendar, new HostTimes(scene, nowMs))
    this.#limits = new LimitReasons(scene, standings, nowMs)
    this.preemptor = new Preemptor(scene, this.#calendar, standings)
    this.own = new OwnHosts(scene, this.#calendar.profiles, this.preemptor)
    this.#ownRoom = new OwnRoom(this.#calendar, this.preemptor, this.own)
  }

  /** Only on the sender's own hosts, only now: owners go first there. @param at where the line stands in the queue */
  visitOwn(line: Line, at: number): readonly Found[] {
    const { spec, standing } = line
    if (spec.hosts > this.own.placesOf(spec.user).length || spec.array !== null || standing.refusal !== null)
      return NOTHING_FOUND
    const request = this.#requests.of(line, at)
    // As room only shrinks, nobody like them will find any.
    if (request.ownFailed.has(spec.user) || this.#limits.reasonOf(line, request) !== null) return NOTHING_FOUND
    const { nowMs } = this.#calendar.grid
    if (spec.deadlineMs !== null && nowMs + line.limitMs > spec.deadlineMs) return NOTHING_FOUND
    const room = this.#ownRoom.freeNow(line, request)
    if (room !== null) {
      this.#calendar.take(request.plan, room)
      this.#settled.set(spec.id, "started")
      this.#started(line, request)
      return [given(null, room, nowMs)]
    }
    const made = this.#ownRoom.make(line, request)
    if (made === null) return NOTHING_FOUND
    this.#settled.set(spec.id, "started")
    return [this.#made(line, request, null, made)]
  }

  /** Whether somebody may start though no host has room. */
  get mayMakeRoom(): boolean {
    const { by } = this.#scene.policy.preemption
    return by !== "off" || this.#ownRoom.mayPreempt || this.preemptor.isAwaited
  }

  /** Its turn: a start, a reservation, or a reason. Nothing where it has a better time in another partition already. */
  visit(line: Line, at: number): readonly Found[] {
    const { spec, standing } = line
    const settled = this.#settled.size === 0 ? undefined : this.#settled.get(spec.id)
    if (settled === "started") return NOTHING_FOUND
    if (standing.refusal !== null) return [waiting({ code: "not_allowed", text: standing.refusal })]
    const request = this.#requests.of(line, at)
    if (request.possible < spec.hosts) {
      request.tooFew ??= this.#requests.tooFew(line, request)
      return request.waiting(request.tooFew)
    }
    const turn = this.#turnOf(standing.partition.name)
    const ahead = this.#mustWaitTurn(line, request, turn)
    const found: Found[] = []
    const tasks = spec.array === null ? ITSELF : taskIndices(spec.array.tasks)
    const count = spec.array === null ? 1 : spec.array.tasks.count
    const atOnce = spec.array?.tasks.atOnce ?? Number.POSITIVE_INFINITY
    let [running, reserved] = [this.#taskCounts.runningOf(spec), 0]
    for (const task of tasks) {
      const refused =
        running >= atOnce ? ({ code: "array_limit", atOnce } as const) : (ahead ?? this.#limits.reasonOf(line, request))
      if (refused !== null) {
        const own = refused.code === "in_turn" ? this.#ownRoom.makeAfterAll(line, request) : null
        if (own !== null) return [this.#made(line, request, null, own)]
        return found.length === 0 ? request.waiting(refused) : [...found, waiting(refused)]
      }
      const started = reserved > 0 ? null : this.#startNow(line, request, task)
      if (started !== null) {
        found.push(started)
        running++
        this.#taskCounts.started(spec)
        if (settled !== undefined) this.#calendar.giveBack(settled.request.plan, settled.room)
        continue
      }
      if (settled !== undefined) return NOTHING_FOUND
      const rest = Math.min(count - found.length, atOnce - running)
      const next = this.#reserve(line, request, task, turn, rest)
      if (next.room === null || reserved === TASKS_RESERVED) {
        const { reason, holds } = next
        return found.length === 0 ? request.waiting(reason!, holds) : [...found, waiting(reason!, holds)]
      }
      found.push(next)
      // A task that is reserved for will count as one that runs.
      running++
      reserved++
    }
    return found
  }

  /** When it may start as everything is planned; nothing is kept for it but in the eyes of those behind it. */
  estimate(line: Line, at: number): Room | null {
    const { plan } = this.#requests.of(line, at)
    const room = this.#calendar.find(plan, Number.POSITIVE_INFINITY)
    if (room !== null) this.#calendar.take(plan, room)
    return room
  }

  /** By place of the hosts. */
  get profiles(): readonly Profile[] {
    return this.#calendar.profiles
  }

  entryOf(line: Line, found: Found, place: number, ownersFirst = false): QueueEntry {
    const { task, room, isStart, preempts, reason, holds, isEstimate } = found
    return {
      job: line.spec.id,
      task,
      partition: line.standing.partition.name,
      qos: line.standing.qos.name,
      priority: line.priority,
      place,
      state: room === null || isEstimate ? "waits" : isStart ? "start" : "reserved",
      startMs: room?.startMs ?? null,
      endMs: room === null || line.limitMs === Number.POSITIVE_INFINITY ? null : room.startMs + line.limitMs,
      hosts: room === null ? NOWHERE : room.places.map((at) => this.#scene.hosts[at]!.id),
      holds,
      ownersFirst,
      estimate: isEstimate,
      preempts,
      reason,
    }
  }

  #startNow(line: Line, request: LineRequest, task: number | null): Found | null {
    const { nowMs } = this.#calendar.grid
    const { plan } = request
    const { deadlineMs } = line.spec
    if (deadlineMs !== null && nowMs + line.limitMs > deadlineMs) return null
    const room = this.#calendar.find(plan, nowMs + 0.5)
    if (room !== null) {
      this.#calendar.take(plan, room)
      this.#started(line, request)
      return given(task, room, nowMs)
    }
    const made = this.preemptor.makeRoom(line, request) ?? this.#ownRoom.makeAfterAll(line, request)
    return made === null ? null : this.#made(line, request, task, made)
  }

  #made(line: Line, request: LineRequest, task: number | null, made: MadeRoom): Found {
    const { nowMs } = this.#calendar.grid
    this.#started(line, request)
    const jobs = made.preempts.map(({ job }) => job)
    const reason = made.startMs <= nowMs ? null : ({ code: "preempting", jobs, untilMs: made.startMs } as const)
    return { ...given(task, made, nowMs, reason), preempts: made.preempts }
  }

  #started(line: Line, request: LineRequest): void {
    this.#starts++
    this.#holds.letGo(line.spec.id)
    // Who is in one partition will not be looked at again.
    if (line.spec.array === null && line.spec.partitions.length > 1) this.#settled.set(line.spec.id, "started")
    this.#limits.started(line, request)
  }

  #reserve(line: Line, request: LineRequest, task: number | null, turn: Turn, rest: number): Found {
    const { spec } = line
    const { nowMs } = this.#calendar.grid
    const why = this.#whyNotNow(request, line)
    const { enabled } = this.#scene.policy.backfill
    // Of those who hold no place nobody waits for the turn.
    if (line.standing.qos.noReserve) return request.waiting(why)[0]
    if (!enabled) this.#closeFor(line, request, turn)
    else if (spec.booking === null) turn.firstWaiting ??= spec.id
    if (!enabled || turn.isFull) return request.waiting(why)[0]
    const room = this.#calendar.find(request.plan, Number.POSITIVE_INFINITY)
    if (spec.deadlineMs !== null && (room?.startMs ?? nowMs) + line.limitMs > spec.deadlineMs) {
      return waiting({ code: "deadline", deadlineMs: spec.deadlineMs, limitMs: line.limitMs })
    }
    if (room === null) return request.waiting(why, this.#holds.hold(spec, request, rest))[0]
    this.#holds.letGo(spec.id)
    this.#calendar.take(request.plan, room)
    if (spec.array === null && spec.partitions.length > 1) this.#settled.set(spec.id, { request, room })
    return given(task, room, nowMs, why)
  }

  /**
   * In strict order: who waits keeps back the rest of its partition, and its hosts from all; one that names hosts only these; one in a booking
   * nobody outside.
   */
  #closeFor({ spec }: Line, request: LineRequest, turn: Turn): void {
    const { nowMs } = this.#calendar.grid
    if (spec.booking === null && spec.hostsWanted === null) turn.firstWaiting ??= spec.id
    if (spec.booking !== null) return
    for (const place of request.plan.asked.places) {
      if (this.#closedFor.has(place)) continue
      this.#closedFor.set(place, spec.id)
      this.#calendar.hold(place, this.#calendar.profiles[place]!.total, nowMs, nowMs + 1)
    }
  }

  /** Whether it is for those before it in the queue: without what is kept for them there would be room for as long as nothing else starts. */
  #whyNotNow(request: LineRequest, { spec }: Line): WaitReason {
    if (request.roomSeen !== this.#starts) {
      request.roomSeen = this.#starts
      const { plan } = request
      const { nowMs } = this.#calendar.grid
      let free = 0
      for (const place of plan.asked.places) {
        const isClosed = plan.asked.closed[place]?.some(
          ({ startMs, endMs }) => startMs < nowMs + plan.asked.limitMs && endMs > nowMs,
        )
        if (isClosed !== true && plan.hasRoomNow(place)) free++
      }
      request.hasRoomNow = free >= plan.asked.hosts
    }
    if (this.#closedFor.size > 0) {
      const all = request.plan.asked.places.flatMap((place) => this.#closedFor.get(place) ?? [])
      const ahead = all.find((job) => job !== spec.id)
      if (ahead !== undefined) return { code: "in_turn", ahead, because: "strict" }
    }
    if (!request.hasRoomNow) return RESOURCES
    const names = this.#calendar.missingPieces(spec.pieces)
    return names.length > 0 ? { code: "pieces", names } : PRIORITY
  }

  /** Nobody passes who waits in its partition: where policy says so, and for all below the depth. */
  #mustWaitTurn(line: Line, request: LineRequest, turn: Turn): WaitReason | null {
    const { backfill } = this.#scene.policy
    const isDeep = !turn.requests.has(request) && turn.requests.size >= backfill.depth
    if (!isDeep) turn.requests.add(request)
    else turn.isFull = true
    if (turn.firstWaiting === null || turn.firstWaiting === line.spec.id) return null
    if (!backfill.enabled) return { code: "in_turn", ahead: turn.firstWaiting, because: "strict" }
    return turn.isFull ? { code: "in_turn", ahead: turn.firstWaiting, because: "depth" } : null
  }

  #turnOf(partition: string): Turn {
    let turn = this.#turns.get(partition)
    if (turn === undefined) {
      turn = { requests: new Set(), firstWaiting: null, isFull: false }
      this.#turns.set(partition, turn)
    }
    return turn
  }
}
