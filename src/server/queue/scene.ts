import { hostsOf as gangHosts } from "../../protocol/gang.ts"
import type { JobId } from "../../protocol/ids.ts"
import type { JobSpec } from "../../protocol/job.ts"
import { jobNumber } from "../../protocol/job-array.ts"
import { bySize } from "../../scheduler/host-size.ts"
import { matchesHost } from "../../scheduler/policy/host-match.ts"
import type { Policy } from "../../scheduler/policy/policy.ts"
import { preferredOn } from "../../scheduler/queue/preferences.ts"
import type { QueueHost, QueueJob, QueueScene, RunningAttempt } from "../../scheduler/queue/queue-scene.ts"
import { fairSharesOf } from "../../scheduler/queue-file/fair-shares.ts"
import type { WaitingJob } from "../../scheduler/snapshot.ts"
import type { JobRecord } from "../../store/job-record.ts"
import { bookingsAhead } from "../bookings/bookings-ahead.ts"
import { bookingOf, longestLimit } from "../bookings/kept-from.ts"
import type { Core } from "../core.ts"
import { takenTimes } from "../forecast/taken-times.ts"
import { isEnding } from "../gang/member-end.ts"
import { isMember } from "../gang/members.ts"
import { linkedOf } from "../gang/pool-links.ts"
import { asWholes } from "../gang/running-gangs.ts"
import type { Tried } from "../jobs/job-table.ts"
import { type PoolUsage, poolUsageOf } from "../usage/pool-usage.ts"
import { BY_TURN } from "./by-turn.ts"
import { reachedBy } from "./reached.ts"
import { niceOf, queueAskedOf, timeLimitOf } from "./standing.ts"
import { isStoppedFor, isWhatFor, runnerFor, stoppedForOf } from "./stop-for.ts"
import { effectiveLimitOf, partitionsOf, placedAs } from "./who-of.ts"

/**
 * The pool and its queue as the scheduler's plan by policy sees them. What keeps jobs out of the queue is not in it: they are not there.
 * @param waiting the jobs, where they are known already
 */
export function sceneOf(core: Core, policy: Policy, nowMs: number, waiting = waitingJobs(core, policy)): QueueScene {
  core.fleet.refreshOrders()
  const usage = poolUsageOf(core, policy)
  const hosts = hostsOf(core, policy, nowMs)
  return {
    policy,
    hosts: waiting.some((job) => job.hosts > 1)
      ? hosts.map((host) => ({ ...host, ...linkedOf(core, host.id) }))
      : hosts,
    pieces: {},
    fairShares: fairSharesFor(policy, usage),
    used: usage.minutes,
    waiting,
    running: asWholes(
      core.fleet.all().flatMap(({ record }) =>
        core.table
          .onHost(record.id)
          .filter(({ attempt }) => !attempt.swept)
          .map((tried) => ({ ...runningAttempt(core, policy, tried, nowMs), number: tried.attempt.number })),
      ),
    ),
    bookings: bookingsAhead(core, nowMs, () => longestLimit(core)),
    ended: [],
  }
}

/** What was used stays the same for a while, and so do the shares; as long as they do they are the same object. */
const SHARES = new WeakMap<PoolUsage, { readonly policy: Policy; readonly shares: QueueScene["fairShares"] }>()

function fairSharesFor(policy: Policy, usage: PoolUsage): QueueScene["fairShares"] {
  const known = SHARES.get(usage)
  if (known?.policy === policy) return known.shares
  const shares = fairSharesOf(policy, usage.byUser)
  SHARES.set(usage, { policy, shares })
  return shares
}

function waitingJobs(core: Core, policy: Policy): QueueJob[] {
  const jobs: QueueJob[] = []
  for (const one of core.table.waiting()) {
    const job = core.table.live(one.id)
    if (job !== undefined) jobs.push(waitingJob(policy, job, one))
  }
  return jobs
}

/** Hosts in the partitions of the policy; those go first that do without one, too, as the planner takes them in this order where weights are equal. */
export function hostsOf(core: Core, policy: Policy, nowMs: number): QueueHost[] {
  const { windowMs } = policy.backfill
  return [...core.fleet.schedulable()].sort(bySize).map((seen) => {
    const host = core.fleet.get(seen.id)!
    const { record } = host
    const matched = { name: record.name, chip: record.facts?.chip ?? null, labels: record.labels }
    return {
      ...seen,
      partitions: policy.partitions.flatMap(({ name, hosts }) =>
        hosts.some((match) => matchesHost(match, matched)) ? name : [],
      ),
      owner: record.owner,
      prefers: preferredOn(policy, matched),
      // The smallest Mac that fits goes first.
      weight: seen.total.memoryBytes,
      expected: takenTimes(host, core.weeks.weekOf(seen.id), nowMs, windowMs),
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
  const reached = policy.priority.neverFalls ? reachedBy(job) : undefined
  const counts = policy.priority.accruesAlways ? undefined : standing?.waitsSince
  return {
    id: job.id,
    user,
    ...placedAs(policy, user, spec),
    name: spec.name ?? `job ${jobNumber(job)}`,
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
    hostsWanted: wantedHosts(spec),
    submittedMs,
    accruesSinceMs: Math.max(submittedMs, counts ?? 0),
    beginMs: waiting.notBeforeMs,
    ...(waiting.notBeforeMs === null ? {} : { awaits: waiting.awaits === undefined ? "next_try" : "checkpoint" }),
    deadlineMs: asked.deadlineAt,
    hold: null,
    priority: policy === BY_TURN ? null : (standing?.priority ?? null),
    ...(reached === undefined ? {} : { reached }),
    nice: policy === BY_TURN ? 0 : niceOf(job),
    site: 0,
    dependency: null,
    booking: bookingOf(job),
    expedited: false,
    interactive: spec.kind === "session",
    array: arrayInQueue(job, waiting),
    ...(standing?.roomAsked === undefined ? {} : { roomAsked: standing.roomAsked }),
  }
}

/** The only hosts it may run on; `null`: any. */
function wantedHosts({ host, gang }: JobSpec): readonly string[] | null {
  if (gang?.members !== undefined) return gang.members.map((one) => one.host)
  return host === null ? null : [host]
}

/** The tasks of an array that may begin, or one that waits by itself: as they are whenever that is read. */
function arrayInQueue({ task }: JobRecord, { array }: WaitingJob): QueueJob["array"] {
  if (array === undefined || (array.tasks === null && task === undefined)) return null
  const runs = task === undefined ? [] : [{ first: task.index, last: task.index }]
  return {
    of: array.of,
    get tasks() {
      return array.tasks ?? { runs, count: 1, atOnce: array.atOnce }
    },
    get running() {
      return array.running
    },
  }
}

/** @param stopped those that are stopped for it, one for the other */
function runningAttempt(
  core: Core,
  policy: Policy,
  tried: Tried,
  nowMs: number,
  stopped: readonly Tried[] = [],
): RunningAttempt {
  const { job, attempt } = tried
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
    ...(spec.gang === undefined ? {} : { nodes: spec.gang.hosts }),
    hostsWanted: wantedHosts(spec),
    resources: attempt.lease,
    alone: false,
    pieces: {},
    hasSecrets: spec.secrets.length > 0,
    submittedMs: job.submittedAt,
    startedMs: (attempt.startedAt ?? attempt.placedAt) + stoppedMs,
    limitMs: effectiveLimitOf(policy, job, partition),
    leavesMs: leavesAt(tried, nowMs),
    leavesFor: leavesFor(tried),
    interactive: spec.kind === "session",
    once: spec.retry.once,
    ...stoppedIn(core, policy, [...stopped, tried], effectiveLimitOf(policy, job, partition), nowMs),
  }
}

/** What is stopped for another job ends later by what that has left. As long as its host has not answered it is as good as on its way. */
function stoppedIn(
  core: Core,
  policy: Policy,
  stopped: readonly Tried[],
  limitMs: number | null,
  nowMs: number,
): Partial<RunningAttempt> {
  const tried = stopped.at(-1)!
  const stoppedFor = isStoppedFor(tried)
  if (stoppedFor === null) return {}
  if (stoppedForOf(tried)?.done === false) return { leavesMs: leavesAt(tried, nowMs) ?? nowMs, leavesFor: stoppedFor }
  const runner = runnerFor(core.table.onHost(tried.attempt.hostId), tried)
  // Who is on its way out for that job is not what it is stopped for any more.
  if (runner === undefined || !isWhatFor(runner.job, tried) || stopped.includes(runner)) {
    const awaited = core.table.live(stoppedFor)
    const { roomAsked = [], ranAs } = awaited?.standing ?? {}
    const itsPartition = roomAsked[0]?.partition ?? ranAs?.partition ?? policy.defaultPartition
    const itsLimitMs = awaited === undefined ? 0 : effectiveLimitOf(policy, awaited, itsPartition)
    return { stoppedFor, limitMs: limitMs === null || itsLimitMs === null ? null : limitMs + itsLimitMs }
  }
  // It may be stopped itself, and end later by that.
  const its = runningAttempt(core, policy, runner, nowMs, stopped)
  // Of an array the task that runs is what it is stopped for by now.
  const job = its.job
  if (limitMs === null || its.limitMs === null) return { stoppedFor: job, limitMs: null }
  return { stoppedFor: job, limitMs: limitMs + Math.max(0, its.startedMs + its.limitMs - nowMs) }
}

/** The job for which it is on its way out. */
function leavesFor({ job, attempt }: Tried): JobId | null {
  const leaving = job.standing?.leaving
  return leaving?.attempt === attempt.number ? leaving.for : null
}

/** When it is gone at the latest, where it is on its way out; `null` when it is not. */
export function leavesAt({ job, attempt }: Tried, nowMs: number): number | null {
  if (attempt.state === "finishing" || attempt.state === "ended" || attempt.fenced) return nowMs
  if (job.stop !== null) return job.stop.at + job.stop.graceMs
  if (isMember(attempt) && isEnding(job)) return nowMs + job.spec.graceMs
  const leaving = job.standing?.leaving
  return leaving?.attempt === attempt.number ? leaving.until : null
}
