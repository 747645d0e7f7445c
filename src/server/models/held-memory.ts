import type { ReplicaPlan } from "../../protocol/model-api.ts"
import type { AttemptRecord } from "../../store/job-record.ts"

/** A member that was ended for what it held beyond what was planned for it. */
export interface HeldMore {
  /** By id. */
  readonly host: string
  readonly heldBytes: number
}

/** Hosts, by id, and how many times what is planned a member there is given. */
export type NeedFactors = ReadonlyMap<string, number>

/** Beyond what it held when it was ended: it was still growing. */
const MARGIN = 1.1
/** Each further time it is given so much more at least: else a slow growth would use up all tries. */
const LEAST_STEP = 1.25

/** To so many times what is reckoned at most where requests were there: one may be as large as somebody likes, and a Mac has room for others. */
const MOST_BY_REQUESTS = 2

/**
 * Which member was ended for want of memory although it had been promised less than it held: then the plan was wrong, and not the host. One that
 * held no more than its lease was ended for others' sake, or its engine found no room: of that nothing is to be learned.
 */
export function heldMore(attempts: readonly AttemptRecord[]): HeldMore | null {
  const one = attempts.find(
    ({ cause, peakMemoryBytes, lease }) => cause === "out_of_memory" && (peakMemoryBytes ?? 0) > lease.memoryBytes,
  )
  return one === undefined ? null : { host: one.hostId, heldBytes: one.peakMemoryBytes ?? 0 }
}

/**
 * What the next plan gives a member on that host, by what this one gave it.
 * @param before the factor that this plan was made with
 * @param isByRequests requests were there, and may be why it held so much
 */
export function nextFactor(
  { host, heldBytes }: HeldMore,
  plan: ReplicaPlan | null,
  before: number,
  isByRequests: boolean,
): number {
  const given = plan?.members.find((one) => one.host === host)?.needBytes ?? 0
  const held = given === 0 ? 0 : (before * heldBytes * MARGIN) / given
  const next = Math.max(held, before * LEAST_STEP)
  return isByRequests ? Math.max(before, Math.min(next, MOST_BY_REQUESTS)) : next
}
