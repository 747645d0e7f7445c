import type { JobId } from "../../protocol/ids.ts"
import type { Policy } from "../policy/policy.ts"
import type { Line } from "./line.ts"
import type { LineRequest } from "./line-request.ts"
import type { WaitReason } from "./queue-plan.ts"

/** How far a partition's queue has been looked at. */
export interface Turn {
  /** Requests for which exact times are sought. */
  readonly requests: Set<LineRequest>
  /** The first job that waits in it for room. */
  firstWaiting: JobId | null
  /** So many different requests stood in it that no exact time is sought for who comes now. */
  isFull: boolean
}

/** Who has to wait for whom in the same partition. */
export class PartitionTurns {
  readonly #backfill: Policy["backfill"]
  readonly #turns = new Map<string, Turn>()

  constructor({ backfill }: Policy) {
    this.#backfill = backfill
  }

  of(partition: string): Turn {
    let turn = this.#turns.get(partition)
    if (turn === undefined) {
      turn = { requests: new Set(), firstWaiting: null, isFull: false }
      this.#turns.set(partition, turn)
    }
    return turn
  }

  /** Nobody passes who waits in its partition: where policy says so, and for all below the depth. */
  mustWait(line: Line, request: LineRequest, turn: Turn): WaitReason | null {
    const isDeep = !turn.requests.has(request) && turn.requests.size >= this.#backfill.depth
    if (!isDeep) turn.requests.add(request)
    else turn.isFull = true
    if (turn.firstWaiting === null || turn.firstWaiting === line.spec.id) return null
    if (!this.#backfill.enabled) return { code: "in_turn", ahead: turn.firstWaiting, because: "strict" }
    return turn.isFull ? { code: "in_turn", ahead: turn.firstWaiting, because: "depth" } : null
  }
}
