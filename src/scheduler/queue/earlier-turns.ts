import type { JobId } from "../../protocol/ids.ts"
import type { Calendar, Room } from "../calendar/calendar.ts"
import { type Found, given } from "./found.ts"
import type { LimitReasons } from "./limit-reasons.ts"
import type { Line } from "./line.ts"
import type { LineRequest } from "./line-request.ts"
import { endsLate } from "./misses-deadline.ts"
import {
  ANY_NUMBER,
  type GivenUpTurn,
  homeTurn,
  jobsOf,
  type KeptBound,
  type MostKept,
  OWN_TURN,
  turnKey,
} from "./most-kept.ts"
import type { WaitReason } from "./queue-plan.ts"
import type { QueueJob } from "./queue-scene.ts"
import { startInstead } from "./start-instead.ts"
import type { Untimed } from "./untimed.ts"

/** Room that is kept for a job, or for one of its tasks. */
export interface KeptRoom {
  readonly request: LineRequest
  readonly room: Room
  /** At whose turn it was kept. */
  readonly partition: string
  /** It is on its sender's own hosts, and was kept before all turns. Near: it may be in the way of what its job could have now instead. */
  readonly own?: { readonly isNear: boolean; readonly behind?: JobId | undefined }
  /** Of such room: the turn for which it was kept is over, and it is what its job was told. */
  readonly isTold?: true
}

export interface Known {
  /** How many of its tasks have begun, of a job that is no array at most one. */
  begun: number
  /** What is kept for those that have not, in the order in which it was found; where one begins elsewhere some of it is given back. */
  readonly kept: KeptRoom[]
}

const NO_BOUNDS: readonly KeptBound[] = []

/** What jobs have got by their earlier turns when it is their turn again: one in each of their partitions, and owners' before all on their own Macs. */
export class EarlierTurns {
  readonly #calendar: Calendar
  readonly #limits: LimitReasons
  readonly #mostKept: MostKept
  /** Jobs that have something better at another turn: of most jobs there is nothing to be looked up. */
  readonly #bound: ReadonlySet<number>
  readonly #byJob = new Map<JobId, Known>()
  /** By job and partition: when it would have begun, at the latest, with what was kept for it from its turn there on and is given up. */
  readonly #givenUp = new Map<JobId, Map<string, number>>()
  /** The same of what was kept on its sender's own hosts by a line, and given up for something earlier there by another one. */
  readonly #movedAtHome = new Map<JobId, Map<string, { readonly startMs: number; readonly insteadMs: number }>>()
  /** What somebody may yet take first. */
  readonly #behind = new Set<Room>()

  /** @param mostKept for how many tasks of a job room is kept at a turn, where that is known by now */
  constructor(calendar: Calendar, limits: LimitReasons, mostKept = ANY_NUMBER) {
    this.#calendar = calendar
    this.#limits = limits
    this.#mostKept = mostKept
    this.#bound = jobsOf(mostKept)
  }

  /** `undefined`: nothing so far. */
  of(job: Pick<QueueJob, "id">): Known | undefined {
    return this.#byJob.size === 0 ? undefined : this.#byJob.get(job.id)
  }

  /** @param isOwn on its sender's own Mac, before its turn */
  begun(job: QueueJob, isOwn = false): void {
    // Else nothing is kept for who is in one partition, and it will not be looked at again.
    if (isOwn || this.#isNoted(job) || this.#byJob.has(job.id)) this.#known(job).begun++
  }

  /** Whether it takes no later room elsewhere in place of what is kept for it on its sender's own hosts. */
  staysOnOwn(job: QueueJob): boolean {
    return this.ownBoundOf(job)?.stays === true || this.#homeBoundsOf(job).some(({ stays }) => stays === true)
  }

  /** The same, or what it has instead elsewhere it may yet have otherwise: it is an array, or others were looked at less closely. */
  isUnsettledAtHome(job: QueueJob): boolean {
    const bound = this.ownBoundOf(job)
    if (bound !== undefined && (bound.guess === "unsettled" || job.array !== null)) return true
    return this.staysOnOwn(job) || this.#homeBoundsOf(job).some(({ guess }) => guess === "unsettled")
  }

  /** The same, or it takes no later room at another turn in place of what is kept for it from one on. */
  isUnsettled({ spec }: Line): boolean {
    if (this.#mostKept.size === 0) return false
    return this.staysOnOwn(spec) || spec.partitions.some((partition) => this.#staysIn(spec.id, partition))
  }

  #staysIn(job: JobId, partition: string): boolean {
    return this.#mostKept.get(turnKey(job, partition))?.stays === true
  }

  kept({ spec, standing }: Line, request: LineRequest, room: Room, own?: KeptRoom["own"]): void {
    const partition = standing.partition.name
    if (own !== undefined) this.#known(spec).kept.push({ request, room, partition, own })
    else if (this.#isNoted(spec)) this.#known(spec).kept.push({ request, room, partition })
  }

  /** Whether all it gets is noted: it has several turns, or has given up room on its own Mac and may want it back. */
  #isNoted(job: QueueJob): boolean {
    return job.partitions.length > 1 || this.ownBoundOf(job) !== undefined
  }

  /** Whether it was seen of anybody that they have something better at another turn. */
  get hasBounds(): boolean {
    return this.#mostKept.size > 0
  }

  /** The same of this job. */
  isBound(job: Pick<QueueJob, "id">): boolean {
    return this.hasBounds && this.#bound.has(job.id)
  }

  /** How much is kept for the job on its sender's own hosts before its turn, where it was seen that it has something better then. */
  ownBoundOf(job: QueueJob): KeptBound | undefined {
    return this.isBound(job) ? this.#mostKept.get(turnKey(job.id, OWN_TURN)) : undefined
  }

  /** The same by this line, where it was seen that by another one there is something earlier on these hosts. */
  homeBoundOf({ spec, standing }: Line): KeptBound | undefined {
    if (spec.partitions.length === 1 || !this.isBound(spec)) return undefined
    return this.#mostKept.get(turnKey(spec.id, homeTurn(standing.partition.name)))
  }

  #homeBoundsOf(job: QueueJob): readonly KeptBound[] {
    if (job.partitions.length === 1 || !this.isBound(job)) return NO_BOUNDS
    return job.partitions.flatMap((one) => this.#mostKept.get(turnKey(job.id, homeTurn(one))) ?? NO_BOUNDS)
  }

  /** Whether no more is kept for its job from this turn on, nor its place held: it has something better at another. */
  hasBetter(line: Line, { plan }: LineRequest): boolean {
    const bound = this.#boundOf(line)
    return bound !== undefined && this.#calendar.find(plan, bound.insteadMs + 0.5) === null
  }

  /** Whether it was seen that each of its tasks has something better at another turn, and for certain: where it waits at this one it waits for nothing. */
  isSettled(line: Line): boolean {
    const bound = this.#boundOf(line)
    const { array } = line.spec
    if (bound === undefined || bound.guess === "behind") return false
    return array === null || (array.tasks.atOnce === null && (bound.count ?? 0) >= array.tasks.count)
  }

  #boundOf({ spec, standing }: Line): KeptBound | undefined {
    if (!this.isBound(spec)) return undefined
    const partition = standing.partition.name
    const bound = this.#mostKept.get(turnKey(spec.id, partition))
    return bound !== undefined && this.#countAt(spec.id, partition) >= bound.most ? bound : undefined
  }

  /**
   * What was kept for the job from its turn there on, or its place that it held, is given up for something better.
   * @param partition of that turn, or {@link OWN_TURN}
   * @param startMs when that would have begun; Infinity where it had no time
   */
  gaveUp(job: JobId, partition: string, startMs = Number.POSITIVE_INFINITY): void {
    let turns = this.#givenUp.get(job)
    if (turns === undefined) {
      turns = new Map()
      this.#givenUp.set(job, turns)
    }
    turns.set(partition, Math.max(startMs, turns.get(partition) ?? startMs))
  }

  /** What was kept on its sender's own hosts by the line in that partition is given up for something earlier there by another one. */
  movedAtHome(job: JobId, partition: string, startMs: number, insteadMs: number): void {
    const turns = this.#movedAtHome.get(job) ?? new Map()
    this.#movedAtHome.set(job, turns.set(homeTurn(partition), { startMs, insteadMs }))
  }

  /** Who has this room may yet have it later. */
  noteBehind(room: Room): void {
    this.#behind.add(room)
  }

  /** All turns from which on something was given up. */
  givenUp(): readonly GivenUpTurn[] {
    const moved = [...this.#movedAtHome].flatMap(([job, turns]) =>
      [...turns].map(([turn, { startMs, insteadMs }]) => {
        const what = { job, key: turnKey(job, turn), isOwn: true, isHome: true, most: 0, count: 1 }
        return { ...what, insteadMs, thenMs: insteadMs, lastMs: startMs }
      }),
    )
    const given = [...this.#givenUp].flatMap(([job, turns]) => {
      const { count, lastMs, elsewhereMs } = this.hasNow(job)
      return [...turns].map(([partition, startMs]) => ({
        job,
        key: turnKey(job, partition),
        isOwn: partition === OWN_TURN,
        isHome: false,
        most: this.#countAt(job, partition),
        insteadMs: partition === OWN_TURN ? elsewhereMs : lastMs,
        thenMs: lastMs,
        ...(this.#isBehind(job) ? { guess: "behind" as const } : {}),
        count,
        lastMs: Math.max(lastMs, startMs),
      }))
    })
    return [...given, ...moved]
  }

  /** How many of a job's tasks have begun or have a time, and when the last of these begins, of all and of those that are not on its sender's own hosts. */
  hasNow(job: JobId): { readonly count: number; readonly lastMs: number; readonly elsewhereMs: number } {
    const { begun, kept } = this.#byJob.get(job) ?? { begun: 0, kept: [] }
    let lastMs = this.#calendar.grid.nowMs
    let elsewhereMs = lastMs
    for (const { room, own } of kept) {
      lastMs = Math.max(lastMs, room.startMs)
      if (own === undefined) elsewhereMs = Math.max(elsewhereMs, room.startMs)
    }
    return { count: begun + kept.length, lastMs, elsewhereMs }
  }

  #isBehind(job: JobId): boolean {
    return this.#byJob.get(job)?.kept.some(({ room }) => this.#behind.has(room)) === true
  }

  #countAt(job: JobId, partition: string): number {
    const kept = this.#byJob.get(job)?.kept ?? []
    return kept.filter(({ own, ...one }) => (own === undefined ? one.partition : OWN_TURN) === partition).length
  }

  /** {@link startInstead}; what is given up for it counts against no limit any more. */
  startInstead(line: Line, kept: KeptRoom[], request: LineRequest, start: () => Found | null): Found | null {
    if (kept.length === 0) return start()
    const { id } = line.spec
    const before = [...kept]
    const hasMore = this.#hasMore(line.spec) && this.#limits.plannedReasonOf(line, request) === null
    const found = startInstead(this.#calendar, kept, request, start, hasMore)
    if (found === null) return null
    this.#limits.keeps(id, kept.length)
    for (const one of before)
      if (one.own === undefined && !kept.includes(one)) this.gaveUp(id, one.partition, one.room.startMs)
    return found
  }

  /** Whether there are tasks for which nothing is kept, and which may run beside those for which something is. */
  #hasMore({ id, array }: QueueJob): boolean {
    if (array === null || array.of !== undefined) return false
    const { begun, kept } = this.#byJob.get(id) ?? { begun: 0, kept: [] }
    const { count, atOnce } = array.tasks
    return begun + kept.length < count && array.running + begun + kept.length < (atOnce ?? Number.POSITIVE_INFINITY)
  }

  /** At a later turn: earlier times than those that are kept since another one, which are taken instead. */
  earlierHere(line: Line, request: LineRequest, kept: KeptRoom[], why: WaitReason, untimed: Untimed): Found[] {
    const { spec, standing } = line
    const partition = standing.partition.name
    const found: Found[] = []
    // It has something better than that, too.
    if (this.hasBetter(line, request)) return found
    // Those that would begin last first: so the others stay where they are.
    const lastFirst = [...kept.entries()].sort(([, a], [, b]) => b.room.startMs - a.room.startMs)
    for (const [at, one] of lastFirst) {
      if (one.partition === partition || this.#staysWith(spec, one)) continue
      const room = this.#earlierRoom(one, request)
      // What somebody may yet take first is no better than what nobody may.
      if (room === null || (untimed.firstBefore(line, room) !== undefined && !this.#behind.has(one.room))) continue
      if (endsLate(line, room.startMs)) continue
      this.#calendar.giveBack(one.request.plan, one.room)
      this.#calendar.take(request.plan, room)
      kept[at] = { request, room, partition }
      if (one.own === undefined) this.gaveUp(spec.id, one.partition, one.room.startMs)
      found.push({ ...given(null, room, this.#calendar.grid.nowMs, why), gaveUp: [one.room] })
    }
    return found.sort((a, b) => a.room!.startMs - b.room!.startMs)
  }

  #staysWith(job: QueueJob, { own, partition }: KeptRoom): boolean {
    return own === undefined ? this.#staysIn(job.id, partition) : this.staysOnOwn(job)
  }

  #earlierRoom({ request, room }: KeptRoom, here: LineRequest): Room | null {
    const calendar = this.#calendar
    const isNear = here.plan.hasPieces || room.places.some((place) => here.plan.asked.places.includes(place))
    if (!isNear) return calendar.find(here.plan, room.startMs)
    calendar.giveBack(request.plan, room)
    const found = calendar.find(here.plan, room.startMs)
    calendar.take(request.plan, room)
    return found
  }

  #known({ id }: QueueJob): Known {
    let known = this.#byJob.get(id)
    if (known === undefined) {
      known = { begun: 0, kept: [] }
      this.#byJob.set(id, known)
    }
    return known
  }
}
