import type { JobId } from "../../protocol/ids.ts"
import type { Calendar } from "../calendar/calendar.ts"
import type { Line } from "./line.ts"
import type { LineRequest } from "./line-request.ts"
import { endsLate } from "./misses-deadline.ts"
import type { QueueOrder } from "./order-queue.ts"
import type { Requests } from "./requests.ts"

/** A turn at which a job preempted nobody, as another of its partitions had room. */
export interface PutOff {
  readonly line: Line
  readonly request: LineRequest
  /** It may ask guests on its sender's own Mac to go, and nobody else. */
  readonly isOwn: boolean
}

const NONE: readonly PutOff[] = []

/**
 * Jobs in several partitions preempt nobody in one of them where another has room for them. Others may take that before it is their turn there: so at
 * the last of their turns they do what they put off.
 */
export class RoomElsewhere {
  readonly #requests: Requests
  readonly #calendar: Calendar
  /** Lines of each, with where these stand. */
  readonly #byJob = new Map<JobId, Map<Line, number>>()
  readonly #putOff = new Map<JobId, PutOff[]>()

  constructor(order: QueueOrder, requests: Requests, calendar: Calendar) {
    this.#requests = requests
    this.#calendar = calendar
    for (let at = 0; at <= order.lastInSeveral; at++) {
      const line = order.lines[at]!
      const { id, partitions, array } = line.spec
      if (partitions.length === 1 || array !== null) continue
      const lines = this.#byJob.get(id)
      if (lines === undefined) this.#byJob.set(id, new Map([[line, at]]))
      else lines.set(line, at)
    }
  }

  /** Whether the line's job has room now by one of its other turns that are still to come. @param beforeAll none was so far */
  isThereFor(line: Line, beforeAll = false): boolean {
    const lines = this.#byJob.get(line.spec.id)
    if (lines === undefined) return false
    return [...lines].some(
      ([other, at]) => other !== line && (beforeAll || at > lines.get(line)!) && this.#hasRoom(other),
    )
  }

  /** The same for who would preempt at this turn: it is put off then. */
  putsOff(line: Line, request: LineRequest, isOwn = false): boolean {
    if (!this.isThereFor(line)) return false
    const { id } = line.spec
    const all = this.#putOff.get(id)
    if (all === undefined) this.#putOff.set(id, [{ line, request, isOwn }])
    else all.push({ line, request, isOwn })
    return true
  }

  /** What its job has put off, where this is the last of its turns. */
  dueAt(line: Line): readonly PutOff[] {
    const putOff = this.#putOff.get(line.spec.id)
    if (putOff === undefined) return NONE
    return [...this.#byJob.get(line.spec.id)!.keys()].at(-1) === line ? putOff : NONE
  }

  get isEmpty(): boolean {
    return this.#putOff.size === 0
  }

  #hasRoom(line: Line): boolean {
    const { spec, standing } = line
    if (standing.refusal !== null) return false
    if (endsLate(line, this.#calendar.grid.nowMs)) return false
    const request = this.#requests.of(line)
    return request.possible >= spec.hosts && this.#calendar.findNow(request.plan) !== null
  }
}
