import type { JobId } from "../../protocol/ids.ts"
import type { Calendar, Room } from "../calendar/calendar.ts"
import type { Found } from "./found.ts"
import type { LimitReasons } from "./limit-reasons.ts"
import type { LineRequest } from "./line-request.ts"
import type { QueueJob } from "./queue-scene.ts"

/** Room that is kept for a job, or for one of its tasks. */
export interface KeptRoom {
  readonly request: LineRequest
  readonly room: Room
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

/** What jobs have got by their earlier turns when it is their turn again: one in each of their partitions, and owners' before all on their own Macs. */
export class EarlierTurns {
  readonly #calendar: Calendar
  readonly #limits: LimitReasons
  readonly #byJob = new Map<JobId, Known>()

  constructor(calendar: Calendar, limits: LimitReasons) {
    this.#calendar = calendar
    this.#limits = limits
  }

  /** `undefined`: nothing so far. */
  of({ id }: QueueJob): Known | undefined {
    return this.#byJob.size === 0 ? undefined : this.#byJob.get(id)
  }

  /** @param isOwn on its sender's own Mac, before its turn */
  begun(job: QueueJob, isOwn = false): void {
    // Else who is in one partition will not be looked at again.
    if (isOwn || job.partitions.length > 1) this.#known(job).begun++
  }

  kept(job: QueueJob, request: LineRequest, room: Room, own?: KeptRoom["own"]): void {
    if (own !== undefined) this.#known(job).kept.push({ request, room, own })
    else if (job.partitions.length > 1) this.#known(job).kept.push({ request, room })
  }

  /** {@link startInstead}; what is given up for it counts against no limit any more. */
  startInstead({ id }: QueueJob, kept: KeptRoom[], request: LineRequest, start: () => Found | null): Found | null {
    const found = startInstead(this.#calendar, kept, request, start)
    if (found !== null) this.#limits.keeps(id, kept.length)
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

/**
 * A start in place of what is kept for its job elsewhere, which is not in its way. It takes the place of the last of that, or of all that has no room
 * beside it.
 * @param kept what is left of it stays in here
 */
function startInstead(
  calendar: Calendar,
  kept: KeptRoom[],
  { plan }: LineRequest,
  start: () => Found | null,
): Found | null {
  if (kept.length === 0) return start()
  const { places } = plan.asked
  const near = kept.filter(({ request, room, own }) =>
    own === undefined ? request.plan.hasPieces || room.places.some((one) => places.includes(one)) : own.isNear,
  )
  for (const { request, room } of near) calendar.giveBack(request.plan, room)
  const started = start()
  const gaveUp: Room[] = []
  const stays = kept.filter((one) => {
    const { request, room } = one
    if (!near.includes(one)) return true
    const touches = (place: number) => started?.room?.places.includes(place) === true
    const isTouched = started !== null && (started.preempts.length > 0 || room.places.some(touches))
    if ((isTouched || (started !== null && request.plan.hasPieces)) && !calendar.hasRoom(request.plan, room, true))
      gaveUp.push(room)
    else calendar.take(request.plan, room)
    return gaveUp.at(-1) !== room
  })
  if (started === null) return null
  if (gaveUp.length === 0) {
    const { request, room } = stays.pop()!
    calendar.giveBack(request.plan, room)
    gaveUp.push(room)
  }
  kept.splice(0, kept.length, ...stays)
  return { ...started, gaveUp }
}
