import { hostsOf as gangHosts } from "../../protocol/gang.ts"
import { matchesHost } from "../../scheduler/policy/host-match.ts"
import type { Policy } from "../../scheduler/policy/policy.ts"
import type { QueueHost, QueueJob, QueueScene, RunningAttempt } from "../../scheduler/queue/queue-scene.ts"
import { fairSharesOf } from "../../scheduler/queue-file/fair-shares.ts"
import type { WaitingJob } from "../../scheduler/snapshot.ts"
import type { JobRecord } from "../../store/job-record.ts"
import { bookingsAhead } from "../bookings/bookings-ahead.ts"
import { bookingOf, longestLimit } from "../bookings/kept-from.ts"
import type { Core } from "../core.ts"
import { isEnding } from "../gang/member-end.ts"
import { isMember } from "../gang/members.ts"
import { linkedOf } from "../gang/pool-links.ts"
import { asWholes } from "../gang/running-gangs.ts"
import type { Tried } from "../jobs/job-table.ts"
import { poolUsageOf } from "../usage/pool-usage.ts"
import { niceOf, queueAskedOf, timeLimitOf } from "./standing.ts"
import { effectiveLimitOf, partitionsOf, placedAs } from "./who-of.ts"

/** The pool and its queue as the scheduler's plan by policy sees them. What keeps jobs out of the queue is not in it: they are not there. */
export function sceneOf(core: Core, policy: Policy, nowMs: number): QueueScene {
  core.fleet.refreshOrders()
  const usage = poolUsageOf(core, policy)
  const waiting: QueueJob[] = []
  for (const one of core.table.waiting()) {
    const job = core.table.live(one.id)
    if (job !== undefined) waiting.push(waitingJob(policy, job, one))
  }
  const hosts = hostsOf(core, policy)
  return {
    policy,
    hosts: waiting.some((job) => job.hosts > 1)
      ? hosts.map((host) => ({ ...host, ...linkedOf(core, host.id) }))
      : hosts,
    pieces: {},
    fairShares: fairSharesOf(policy, usage.byUser),
    used: usage.minutes,
    waiting,
    running: asWholes(
      core.fleet.all().flatMap(({ record }) =>
        core.table
          .onHost(record.id)
          .filter(({ attempt }) => !attempt.swept)
          .map((tried) => ({ ...runningAttempt(policy, tried, nowMs), number: tried.attempt.number })),
      ),
    ),
    bookings: bookingsAhead(core, nowMs, () => longestLimit(core)),
    ended: [],
  }
}

/** Hosts in the partitions of the policy. */
export function hostsOf(core: Core, policy: Policy): QueueHost[] {
  return [...core.fleet.schedulable()].map((seen) => {
    const { record } = core.fleet.get(seen.id)!
    const matched = { name: record.name, chip: record.facts?.chip ?? null, labels: record.labels }
    return {
      ...seen,
      partitions: policy.partitions.flatMap(({ name, hosts }) =>
        hosts.some((match) => matchesHost(match, matched)) ? name : [],
      ),
      owner: record.owner,
      // The smallest Mac that fits goes first.
      weight: seen.total.memoryBytes,
      expected: [],
    }
  })
}

/** @param waiting what is known of it as of any job that waits */
export function waitingJob(policy: Policy, job: JobRecord, waiting: WaitingJob): QueueJob {
  const { spec, standing, user } = job
  const asked = queueAskedOf(job)
  const losesAge = policy.priority.slurmAge ? job.attempts.findLast(({ endedAt }) => endedAt !== null)?.endedAt : null
  const submittedMs = losesAge ?? job.submittedAt
  const { resources, hasSecrets, data, workspace, crashes } = waiting
  const counts = policy.priority.accruesAlways ? undefined : standing?.waitsSince
  return {
    id: job.id,
    user,
    ...placedAs(policy, user, spec),
    name: spec.name ?? `job ${job.id}`,
    partitions: partitionsOf(policy, spec),
    resources,
    alone: false,
    hosts: gangHosts(spec),
    pieces: {},
    limitMs: timeLimitOf(job),
    hasSecrets,
    data,
    ...(workspace === undefined ? {} : { workspace }),
    ...(crashes === undefined ? {} : { crashes }),
    hostsWanted: spec.host === null ? null : [spec.host],
    submittedMs,
    accruesSinceMs: Math.max(submittedMs, counts ?? 0),
    beginMs: waiting.notBeforeMs,
    deadlineMs: asked.deadlineAt,
    hold: null,
    priority: standing?.priority ?? null,
    nice: niceOf(job),
    site: 0,
    dependency: null,
    booking: bookingOf(job),
    expedited: false,
    interactive: spec.kind === "session",
    array: null,
  }
}

function runningAttempt(policy: Policy, { job, attempt }: Tried, nowMs: number): RunningAttempt {
  const { spec, standing, user } = job
  const partition = standing?.ranAs?.partition ?? partitionsOf(policy, spec)[0] ?? policy.defaultPartition
  const { suspended, suspendedMs } = attempt
  // No limit counts the time for which it was stopped.
  const stoppedMs = suspendedMs + (suspended === null ? 0 : Math.max(0, nowMs - suspended.since))
  return {
    job: job.id,
    task: null,
    name: spec.name ?? `job ${job.id}`,
    user,
    ...placedAs(policy, user, spec),
    partition,
    ...standing?.ranAs,
    hosts: [attempt.hostId],
    resources: attempt.lease,
    alone: false,
    pieces: {},
    hasSecrets: spec.secrets.length > 0,
    submittedMs: job.submittedAt,
    startedMs: (attempt.startedAt ?? attempt.placedAt) + stoppedMs,
    limitMs: effectiveLimitOf(policy, job, partition),
    leavesMs: leavesAt({ job, attempt }, nowMs),
  }
}

/** When it is gone at the latest, where it is on its way out; `null` when it is not. */
export function leavesAt({ job, attempt }: Tried, nowMs: number): number | null {
  if (attempt.state === "finishing" || attempt.state === "ended" || attempt.fenced) return nowMs
  if (job.stop !== null) return job.stop.at + job.stop.graceMs
  if (isMember(attempt) && isEnding(job)) return nowMs + job.spec.graceMs
  const leaving = job.standing?.leaving
  return leaving?.attempt === attempt.number ? leaving.until : null
}
