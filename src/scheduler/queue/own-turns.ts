import type { Calendar } from "../calendar/calendar.ts"
import { taskIndices } from "../request/array-tasks.ts"
import type { Begins } from "./begins.ts"
import type { EarlierTurns, KeptRoom } from "./earlier-turns.ts"
import type { Found } from "./found.ts"
import type { LimitReasons } from "./limit-reasons.ts"
import type { Line } from "./line.ts"
import type { LineRequest } from "./line-request.ts"
import { endsLate } from "./misses-deadline.ts"
import { OWN_TURN } from "./most-kept.ts"
import type { OwnHolds } from "./own-holds.ts"
import type { OwnHosts } from "./own-hosts.ts"
import type { OwnRoom } from "./own-room.ts"
import type { Preemptor } from "./preempt.ts"
import type { Requests } from "./requests.ts"
import { ITSELF, type TaskCounts } from "./task-counts.ts"
import type { Untimed } from "./untimed.ts"

const NOTHING_FOUND: readonly Found[] = []
const NOTHING_KEPT: KeptRoom[] = []

export interface OwnTurnsParts {
  readonly calendar: Calendar
  readonly requests: Requests
  readonly limits: LimitReasons
  readonly earlier: EarlierTurns
  readonly taskCounts: TaskCounts
  readonly own: OwnHosts
  readonly room: OwnRoom
  readonly holds: OwnHolds
  readonly preemptor: Preemptor
  readonly untimed: Untimed
  readonly begins: Begins
}

/** Turns before all others, only on the sender's own hosts: owners go first there, task by task. What finds no room now has it kept for then. */
export class OwnTurns {
  readonly #parts: OwnTurnsParts
  /** Users, some of whose turns were passed over. */
  readonly #passedOver = new Set<string>()

  constructor(parts: OwnTurnsParts) {
    this.#parts = parts
  }

  /** @returns what starts */
  visit(line: Line): readonly Found[] {
    const { own, calendar, earlier, requests, taskCounts, holds } = this.#parts
    const { spec, standing } = line
    if (spec.hosts > own.placesOf(spec.user).length || standing.refusal !== null) return NOTHING_FOUND
    if (endsLate(line, calendar.grid.nowMs)) return NOTHING_FOUND
    const before = earlier.of(spec)
    // Tasks of an array have all that is theirs at the first of these turns.
    if (before !== undefined && (spec.array === null ? before.begun > 0 : spec.partitions.length > 1)) {
      if (before.kept.length > 0) this.#passedOver.add(spec.user)
      return NOTHING_FOUND
    }
    // By another line of its job before all turns it counts against limits already.
    if (spec.partitions.length > 1) holds.turnBegins(line)
    own.lookedAt(spec.user)
    const request = requests.of(line)
    if (!own.owners.has(spec.user) && request.ownFull.has(spec.user)) return NOTHING_FOUND
    const atOnce = spec.array?.tasks.atOnce ?? Number.POSITIVE_INFINITY
    const found: Found[] = []
    // The first ones have room that others made for them.
    const made = before?.begun ?? 0
    let toSkip = made
    for (const task of spec.array === null ? ITSELF : taskIndices(spec.array.tasks)) {
      if (toSkip-- > 0) continue
      if (taskCounts.runningOf(spec) >= atOnce) break
      const start = () => this.#start(line, request, task)
      const begins = before === undefined ? start() : earlier.startInstead(line, before.kept, request, start)
      if (begins === null) break
      taskCounts.started(spec)
      found.push(begins)
    }
    if (before !== undefined && found.length > 0) {
      holds.letGo(line)
      // Others of its sender have planned around what it had until now.
      const gaveUp = holds.hasOthers(line) ? found.flatMap((one) => one.gaveUp) : []
      for (const { startMs } of gaveUp) earlier.gaveUp(spec.id, OWN_TURN, startMs)
    }
    this.#keep(line, request, made + found.length, atOnce)
    return found.length === 0 ? NOTHING_FOUND : found
  }

  /** Whether a turn of theirs was passed over for what was kept at an earlier one: where that is given up it may begin at this. */
  wasPassedOver(user: string): boolean {
    return this.#passedOver.has(user)
  }

  /** For what finds no room now, and notes who may yet go first here. */
  #keep(line: Line, request: LineRequest, started: number, atOnce: number): void {
    const { own, earlier, limits, taskCounts, room, holds, untimed } = this.#parts
    const { spec } = line
    const left = (spec.array?.tasks.count ?? 1) - started
    const mayRun = Math.min(left, atOnce - taskCounts.runningOf(spec))
    const mayKeep = mayRun > 0 && limits.reasonOf(line, request) === null
    const before = earlier.of(spec)?.kept ?? NOTHING_KEPT
    if (before.length > 0) {
      if (mayKeep) holds.improve(line, request, before, room.isElsewhere(spec.id))
      if (earlier.isUnsettled(line)) untimed.noteOn(request.places, line)
      return
    }
    // Who may yet preempt there is looked at without what is kept for it there.
    const better = mayKeep ? holds.keep(line, request, mayRun, room.isElsewhere(spec.id)) : 0
    const kept = earlier.of(spec)?.kept ?? NOTHING_KEPT
    const isLater = kept.some(({ own }) => own?.behind !== undefined)
    // Once they may start they go first here, whoever is before them elsewhere.
    const isUnsettled = earlier.isUnsettled(line)
    if (left - kept.length - better > 0 || isLater || isUnsettled) {
      const isAnywhere = isUnsettled || earlier.isUnsettledAtHome(spec)
      untimed.noteOn(isAnywhere ? request.places : own.among(request.places, spec.user), line)
    }
  }

  #start(line: Line, request: LineRequest, task: number | null): Found | null {
    const { own, calendar, limits, room, begins, preemptor } = this.#parts
    if (!own.owners.has(line.spec.user)) return null
    // As room only shrinks, nobody like them will find any.
    const isInVain = request.ownFailed.has(line.spec.user) && !preemptor.isAwaitedFor(line)
    if (isInVain || limits.mayNotBegin(line, request)) return null
    const free = room.freeNow(line, request)
    if (free !== null) {
      calendar.take(request.plan, free)
      return begins.inFreeRoom(line, request, task, free, true)
    }
    const made = room.make(line, request)
    return made === null ? null : begins.inMadeRoom(line, request, task, made, true)
  }
}
