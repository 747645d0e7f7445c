import type { HostId } from "../../protocol/ids.ts"
import type { RoomAsked } from "../../protocol/queue-request.ts"
import type { Calendar } from "../calendar/calendar.ts"
import type { PlanRequest } from "../calendar/plan-request.ts"
import type { Candidates } from "./candidates.ts"
import type { MadeRoom } from "./found.ts"
import { leftOf } from "./left-of.ts"
import { awaitedFor } from "./let-be.ts"
import type { Line } from "./line.ts"
import type { LineRequest } from "./line-request.ts"
import type { QueueScene, RunningAttempt } from "./queue-scene.ts"
import { release } from "./release.ts"
import type { RunningWholes } from "./running-wholes.ts"
import type { StayBeside } from "./stay-beside.ts"
import type { Candidate } from "./victim-order.ts"

/** Who has to be gone, and when there is room then. */
interface Enough {
  readonly startMs: number
  readonly stopped: readonly Candidate[]
  readonly leaving: readonly Candidate[]
}

interface Parts {
  readonly scene: QueueScene
  readonly calendar: Calendar
  readonly running: RunningWholes
  readonly candidates: Candidates
  readonly beside: StayBeside
  /** Who has made room for somebody in this pass. */
  readonly gone: Set<RunningAttempt>
}

/** Takes room that others were asked to make, some of whom may be on their way out yet, or stopped there. */
export class UnderWay {
  readonly #parts: Parts
  readonly #places: ReadonlyMap<HostId, number>

  constructor(parts: Parts) {
    this.#parts = parts
    this.#places = new Map(parts.scene.hosts.map(({ id }, place) => [id, place]))
  }

  /**
   * The room as it was planned, or sooner where they have left before. Nobody else is asked for it.
   * @param isLast of its job's: no other of its tasks needs those to go that this one does not need
   * @returns `null` where it cannot be had there any more, or not in time: those who were planned beside it would have to wait
   */
  take(line: Line, { plan }: LineRequest, asked: RoomAsked, isLast: boolean): MadeRoom | null {
    const { calendar, scene, running, beside, gone } = this.#parts
    const places = this.#placesOf(plan, asked)
    if (places === null) return null
    const { nowMs } = calendar.grid
    const some = this.#enough(line, plan, asked, places, isLast)
    if (some === null) return null
    const { startMs, stopped, leaving } = some
    const staying = this.#staying(line, plan, stopped, places, startMs)
    if (staying.size < stopped.length) {
      release(calendar, scene, running, [...stopped, ...leaving], 1)
      return null
    }
    // Until then they are there.
    release(calendar, scene, running, leaving, 1, Math.max(startMs, nowMs + 1))
    const room = { places, startMs }
    calendar.take(plan, room)
    beside.keep(staying, plan, room)
    for (const { attempt } of [...stopped, ...leaving]) gone.add(attempt)
    // Where nobody leaves, it is others beside them who have to be gone first.
    const after = leaving.length > 0 || startMs > nowMs ? leaving : stopped
    return { ...room, preempts: [], after: after.map(({ attempt }) => attempt.job) }
  }

  /**
   * When there is room once some of them are gone; of these nothing is held any more. They are as few as can be where the others are to go for another task.
   * @returns `null`: there is none in time, and they hold what they held
   */
  #enough(line: Line, plan: PlanRequest, asked: RoomAsked, places: readonly number[], isLast: boolean): Enough | null {
    const { calendar, scene, running } = this.#parts
    const { grid } = calendar
    const change = (some: readonly Candidate[], times: 1 | -1) => release(calendar, scene, running, some, times)
    const all = this.#underWay(line, plan, places)
    const stopped = all.filter(({ isStopped }) => isStopped)
    const toLeave = all.filter(({ isStopped }) => !isStopped)
    const goneMs = (one: Candidate) => grid.nowMs + one.graceMs
    // Who should be gone by now has as long as the room is kept.
    const lastMs = asked.startMs + grid.stepMs
    // Who goes for another job may be there to the end of the step.
    const times = [grid.nowMs, ...toLeave.map(goneMs), asked.startMs, grid.msOf(grid.stepAfter(asked.startMs)), lastMs]
    let gone: readonly Candidate[] = stopped
    change(gone, -1)
    for (const startMs of times.filter((ms) => ms >= grid.nowMs).sort((a, b) => a - b)) {
      const isGone = (one: Candidate) => startMs > grid.nowMs && (goneMs(one) <= startMs || startMs === lastMs)
      const more = toLeave.filter((one) => isGone(one) && !gone.includes(one))
      change(more, -1)
      gone = [...gone, ...more]
      const hasRoom = () => this.#isInTime(plan, asked, startMs) && calendar.hasRoomAskedFor(plan, { places, startMs })
      // As long as others are there, too, there may be too little memory for them all.
      if (!hasRoom() || this.#staying(line, plan, stopped, places, startMs).size < stopped.length) continue
      const left = isLast ? gone : leftOf(gone, gone, change, hasRoom)
      return {
        startMs,
        stopped: left.filter(({ isStopped }) => isStopped),
        leaving: left.filter(({ isStopped }) => !isStopped),
      }
    }
    change(gone, 1)
    return null
  }

  #staying(
    line: Line,
    plan: PlanRequest,
    stopped: readonly Candidate[],
    places: readonly number[],
    startMs: number,
  ): ReadonlySet<Candidate> {
    const hasRoom = (place: number) => plan.hasRoomAt(place, startMs, plan.asked.limitMs, true)
    return this.#parts.beside.of(line, plan, stopped, places, startMs, hasRoom)
  }

  /** Up to a step of the grid later than it was planned: who leaves may need a moment longer. */
  #isInTime({ asked: { limitMs } }: PlanRequest, { startMs, endMs }: RoomAsked, ms: number): boolean {
    const { stepMs } = this.#parts.calendar.grid
    return ms <= startMs + stepMs && (endMs === null || ms + limitMs <= endMs + stepMs)
  }

  #placesOf({ asked }: PlanRequest, { hosts }: RoomAsked): readonly number[] | null {
    const places = hosts.flatMap((id) => this.#places.get(id) ?? []).filter((place) => asked.places.includes(place))
    return places.length === asked.hosts ? places.sort((a, b) => a - b) : null
  }

  #underWay(line: Line, plan: PlanRequest, places: readonly number[]): readonly Candidate[] {
    const { candidates, gone, running } = this.#parts
    const { id } = line.spec
    const isFor = (one: RunningAttempt) => awaitedFor(one) === id || running.instead.awaitedBy(one) === id
    const isOut = (one: RunningAttempt) => gone.has(one) || !isFor(one)
    const all = places.flatMap((place) => candidates.on(line, plan, place, isOut))
    return [...new Map(all.map((one) => [one.attempt, one])).values()]
  }
}
