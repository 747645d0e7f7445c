import type { HostId } from "../../protocol/ids.ts"
import type { RoomAsked } from "../../protocol/queue-request.ts"
import type { Calendar } from "../calendar/calendar.ts"
import type { PlanRequest } from "../calendar/plan-request.ts"
import type { Candidates } from "./candidates.ts"
import type { MadeRoom } from "./found.ts"
import { awaitedFor } from "./let-be.ts"
import type { Line } from "./line.ts"
import type { LineRequest } from "./line-request.ts"
import type { QueueScene, RunningAttempt } from "./queue-scene.ts"
import { release } from "./release.ts"
import type { RunningWholes } from "./running-wholes.ts"
import type { StayBeside } from "./stay-beside.ts"
import type { Candidate } from "./victim-order.ts"

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
   * @returns `null` where it cannot be had there any more, or not in time: those who were planned beside it would have to wait
   */
  take(line: Line, { plan }: LineRequest, asked: RoomAsked): MadeRoom | null {
    const { calendar, scene, running, beside, gone } = this.#parts
    const places = this.#placesOf(plan, asked)
    if (places === null) return null
    const { nowMs } = calendar.grid
    const all = this.#underWay(line, plan, places)
    const [stopped, leaving] = [all.filter(({ isStopped }) => isStopped), all.filter(({ isStopped }) => !isStopped)]
    const goneMs = leaving.reduce((latest, { graceMs }) => Math.max(latest, nowMs + graceMs), nowMs)
    const hasRoomAt = (ms: number) =>
      this.#isInTime(plan, asked, ms) && calendar.hasRoomAskedFor(plan, { places, startMs: ms })
    release(calendar, scene, running, stopped, -1)
    const isNow = hasRoomAt(nowMs)
    if (!isNow) release(calendar, scene, running, leaving, -1)
    const startMs = isNow ? nowMs : [goneMs, asked.startMs].find((ms) => ms >= goneMs && hasRoomAt(ms))
    const hasRoom = (place: number) => plan.hasRoomAt(place, startMs!, plan.asked.limitMs, true)
    const staying = startMs === undefined ? null : beside.of(line, plan, stopped, places, startMs, hasRoom)
    if (startMs === undefined || staying!.size < stopped.length) {
      release(calendar, scene, running, isNow ? stopped : all, 1)
      return null
    }
    // Until then they are there.
    if (!isNow) release(calendar, scene, running, leaving, 1, Math.max(startMs, nowMs + 1))
    const room = { places, startMs }
    calendar.take(plan, room)
    beside.keep(staying!, plan, room)
    // Who is on the way out and need not be gone for this may have to be for another.
    for (const { attempt } of isNow ? stopped : all) gone.add(attempt)
    return { ...room, preempts: [], after: (leaving.length > 0 ? leaving : stopped).map(({ attempt }) => attempt.job) }
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
    const { candidates, gone } = this.#parts
    const { id } = line.spec
    const isOut = (one: RunningAttempt) => gone.has(one) || (awaitedFor(one) !== id && one.stoppedFor !== id)
    const all = places.flatMap((place) => candidates.on(line, plan, place, isOut))
    return [...new Map(all.map((one) => [one.attempt, one])).values()]
  }
}
