import { type BookedTime, type KeptHost, keptHosts } from "../../scheduler/bookings/kept-hosts.ts"
import type { Policy } from "../../scheduler/policy/policy.ts"
import type { WaitingJob } from "../../scheduler/snapshot.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import { currentPolicy } from "../policy/pool-policy.ts"
import { effectiveLimitOf, partitionsOf, placedAs } from "../queue/who-of.ts"
import { bookingsAhead } from "./bookings-ahead.ts"

type Asked = Pick<JobRecord, "id" | "user" | "spec" | "standing">

/** Jobs that wait, in queue order, each with the hosts that bookings keep from it. Read once, from the front. */
export function* withBookings(core: Core, nowMs: number): Generator<WaitingJob> {
  const times = bookingsAhead(core, nowMs, () => longestLimit(core))
  const hosts = core.fleet.all().map(({ record }) => record.id)
  for (const one of core.table.waiting()) {
    // Without bookings nobody is kept from a host but who waits for one that is gone.
    const job = times.length === 0 && one.booking === undefined ? undefined : core.table.live(one.id)
    const kept = job === undefined ? [] : keptFrom(core, times, hosts, job, nowMs)
    yield kept.length === 0 ? one : { ...one, kept }
  }
}

/** Hosts that bookings keep from a job. */
export function keptFrom(
  core: Core,
  times: readonly BookedTime[],
  hosts: readonly KeptHost["host"][],
  job: Asked,
  nowMs: number,
): readonly KeptHost[] {
  const booking = bookingOf(job)
  if (times.length === 0 && booking === null) return []
  const policy = currentPolicy(core)
  const { account } = placedAs(policy, job.user, job.spec)
  const [partition = policy.defaultPartition] = partitionsOf(policy, job.spec)
  const limitMs = effectiveLimitOf(policy, job, partition)
  return keptHosts(times, hosts, { id: job.id, user: job.user, account, limitMs, booking }, nowMs)
}

/** The booking that a job is to run in; `null`: any time will do. */
export function bookingOf({ spec }: Pick<JobRecord, "spec">): string | null {
  return spec.queue?.booking ?? null
}

/** The longest time limit among jobs that wait, by themselves or by a partition of theirs; 0 for none. */
export function longestLimit(core: Core): number {
  const policy = currentPolicy(core)
  let longest = 0
  for (const { id } of core.table.waiting()) {
    const job = core.table.live(id)
    if (job !== undefined) longest = Math.max(longest, longestOf(policy, job))
  }
  return longest
}

/** The longest that it may run, in whichever of its partitions; 0 where nothing limits it. */
export function longestOf(policy: Policy, job: Pick<JobRecord, "spec" | "standing">): number {
  const limits = partitionsOf(policy, job.spec).map((partition) => effectiveLimitOf(policy, job, partition) ?? 0)
  return Math.max(...limits)
}
