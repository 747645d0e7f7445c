import type { Snapshot } from "../../scheduler/snapshot.ts"
import { withBookings } from "../bookings/kept-from.ts"
import type { Core } from "../core.ts"
import { currentPolicy, policyHolds } from "../policy/pool-policy.ts"
import { hostsOf } from "./scene.ts"
import { partitionsOf } from "./who-of.ts"

/**
 * What the scheduler gets to see. Without a policy live collections, of which nothing is copied; with one, hosts and jobs in the policy's
 * partitions, a job in its first.
 */
export function snapshotOf(core: Core): Snapshot {
  core.fleet.refreshOrders()
  const leases = core.table.leases()
  const now = core.clock.now()
  const booked = withBookings(core, now)
  if (!policyHolds(core)) return { hosts: core.fleet.schedulable(), waiting: booked, leases }
  const policy = currentPolicy(core)
  const waiting = [...booked].map((one) => {
    const job = core.table.live(one.id)
    return job === undefined ? one : { ...one, partition: partitionsOf(policy, job.spec)[0] ?? one.partition }
  })
  return { hosts: hostsOf(core, policy, now), waiting, leases }
}
