import type { Seat } from "../../gateway/fair-queue.ts"
import type { Policy } from "../../scheduler/policy/policy.ts"
import { shareTreeOf } from "../../scheduler/queue-file/fair-shares.ts"
import { seatsOf } from "../../scheduler/share/share-tree.ts"
import type { Core } from "../core.ts"
import { currentPolicy } from "../policy/pool-policy.ts"
import { accountOf } from "../usage/charge-terms.ts"

/** Shares of 0 mean: only when nobody else waits. So little comes near to it, and everybody is served in the end. */
const NEXT_TO_NOTHING = 1e-6

const KNOWN = new WeakMap<Policy, Map<string, readonly Seat[]>>()

/**
 * Where a user sits in the tree of the policy that holds, in their usual account. An account or user with the shares of its parent stands
 * beside those of the level above, as it does in the queue of jobs.
 */
export function userSeats(core: Core, user: string): readonly Seat[] {
  const policy = currentPolicy(core)
  const known = KNOWN.get(policy) ?? new Map<string, readonly Seat[]>()
  KNOWN.set(policy, known)
  const seats = known.get(user) ?? seatsBy(policy, user)
  known.set(user, seats)
  return seats
}

function seatsBy(policy: Policy, user: string): readonly Seat[] {
  const account = accountOf(policy, user)
  const tree = seatsOf(shareTreeOf(policy, new Map([[`${account}/${user}`, 0]])))
  const own = tree.find(
    ({ node, parent }) => node.kind === "user" && node.name === user && parent?.node.name === account,
  )
  const seats: Seat[] = []
  for (let seat = own ?? null; seat !== null && seat.parent !== null; seat = seat.level) {
    const { shares } = seat.node
    seats.unshift({ name: seat.path.join("/"), shares: shares === "parent" ? 1 : Math.max(shares, NEXT_TO_NOTHING) })
  }
  return seats.length === 0 ? [{ name: user, shares: 1 }] : seats
}
