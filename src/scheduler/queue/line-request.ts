import type { HostId } from "../../protocol/ids.ts"
import type { PlanRequest } from "../calendar/plan-request.ts"
import { type Found, NOWHERE, waiting } from "./found.ts"
import type { WaitReason } from "./queue-plan.ts"

/** What lines that ask alike ask for. Two of them are interchangeable: where and when one may run the other may. */
export class LineRequest {
  readonly plan: PlanRequest
  /** Of the hosts that could ever run it. */
  readonly places: readonly number[]
  /** Counts starts: what was found of room at that count holds. */
  roomSeen = -1
  hasRoomNow = false
  /** Where its jobs without a time hold their places. */
  heldHosts: readonly HostId[] | null = null
  /** Users who found no room for it on their own hosts. */
  readonly ownFailed = new Set<string>()
  /** Users who found none there at any later time either. */
  readonly ownFull = new Set<string>()
  /** Why it has no room now, once that was asked. */
  noRoom: WaitReason | undefined
  /** Why it finds too few hosts whatever ends, once that was asked. */
  tooFew: WaitReason | undefined
  #waiting: readonly [Found] | undefined

  constructor(plan: PlanRequest, places: readonly number[]) {
    this.plan = plan
    this.places = places
  }

  /** How many hosts could ever run it. */
  get possible(): number {
    return this.places.length
  }

  /** The same object for all that wait for the same reason one after the other: in long queues these are most. */
  waiting(reason: WaitReason, holds = NOWHERE): readonly [Found] {
    const known = this.#waiting
    if (known !== undefined && known[0].reason === reason && known[0].holds === holds) return known
    this.#waiting = [waiting(reason, holds)]
    return this.#waiting
  }

  /** What was found for the first tasks of a line, and why the rest waits. */
  rest(found: readonly Found[], reason: WaitReason, holds = NOWHERE): readonly Found[] {
    return found.length === 0 ? this.waiting(reason, holds) : [...found, waiting(reason, holds)]
  }
}
