import type { HostId } from "../../protocol/ids.ts"
import type { Amounts } from "../limits/limits.ts"
import type { HostBooking, QueueHost, QueueJob, QueueScene, RunningAttempt } from "../queue/queue-scene.ts"
import type { DescribedScene } from "./described-scene.ts"
import { type DescribedHost, PLAIN_HOST } from "./host-codec.ts"
import { type DescribedBooking, type DescribedJob, PLAIN_BOOKING, PLAIN_JOB } from "./job-codec.ts"

/** What no plan needs, and who reads the file may. */
export interface SceneFacts {
  /** Faded usage by `account/user`, from which the factors came. */
  readonly usage: ReadonlyMap<string, number>
  readonly hosts: ReadonlyMap<HostId, Pick<DescribedHost, "chip" | "labels">>
}

const NO_FACTS: SceneFacts = { usage: new Map(), hosts: new Map() }

/** The other way round of `buildScene`: read again, it gives the same plan. Hosts are told by their names, which are unique. */
export function describeScene(scene: QueueScene, facts: SceneFacts = NO_FACTS): DescribedScene {
  const names = new Map<string, string>(scene.hosts.flatMap(({ id, name }) => [[id, name] as const, [name, name]]))
  const called = (hosts: Iterable<string>) => [...hosts].flatMap((host) => names.get(host) ?? [])
  return {
    hosts: scene.hosts.map((host) => describedHost(host, facts)),
    pieces: scene.pieces,
    usage: Object.fromEntries(facts.usage),
    fairShares: Object.fromEntries(scene.fairShares),
    used: [...scene.used].map(([of, { minutes, wallMinutes }]) => ({
      of,
      minutes: limitable(minutes),
      wallTime: 0,
      wallMinutes,
    })),
    jobs: scene.waiting.map((job) => waitingJob(job, called)),
    running: scene.running.map((one) => runningJob(one, called)),
    reservations: scene.bookings.flatMap((one) => booking(one, called)),
    ended: scene.ended.map(({ job, task, startedMs, outcome }) => ({
      id: job,
      task,
      startedMs,
      outcome: outcome ?? "failed",
    })),
    timeZone: "UTC",
    estimates: false,
  }
}

function describedHost(host: QueueHost, facts: SceneFacts): DescribedHost {
  const { total, ownerObstacles, users, places, link, reason, draining, withheld, owner, weight, partitions } = host
  return {
    ...PLAIN_HOST,
    ...facts.hosts.get(host.id),
    names: [host.name],
    ...total,
    gpuMemoryBytes: host.gpuMemoryBytes ?? null,
    memoryNowBytes: host.memoryNowBytes ?? null,
    owner,
    weight,
    partitions,
    users: users === null ? null : [...users],
    link,
    reason,
    draining,
    withheld,
    obstacles: ownerObstacles.map(({ code, text, until }) => ({ code, text, until })),
    expected: host.expected,
    data: [...places],
  }
}

type Called = (hosts: Iterable<string>) => readonly string[]

function waitingJob(job: QueueJob, called: Called): DescribedJob {
  const { user, account, qos, partitions, resources, alone, limitMs, submittedMs, accruesSinceMs } = job
  const { pieces, beginMs, deadlineMs, hold, priority, nice, site, dependency, expedited, interactive, array } = job
  return {
    ...PLAIN_JOB,
    id: job.id,
    name: job.name,
    user,
    account,
    qos,
    partitions,
    ...resources,
    alone,
    nodes: job.hosts,
    hosts: job.hostsWanted === null ? null : called(job.hostsWanted),
    pieces,
    limitMs,
    secrets: job.hasSecrets,
    data: job.data.flatMap(({ name, root }) => (root === null ? [name] : [])),
    crashes: crashesByName(job, called),
    submittedMs,
    accruesSinceMs,
    beginMs,
    deadlineMs,
    hold,
    priority,
    nice,
    site,
    dependency,
    reservation: job.booking,
    expedited,
    interactive,
    array: array?.tasks ?? null,
    arrayRunning: array?.running ?? null,
  }
}

function crashesByName({ crashes = [] }: QueueJob, called: Called): Readonly<Record<string, number>> {
  return Object.fromEntries(crashes.flatMap(({ host, times }) => called([host]).map((name) => [name, times])))
}

function runningJob(one: RunningAttempt, called: Called): DescribedJob {
  const { task, name, user, account, partition, qos, resources, alone, pieces, submittedMs, startedMs } = one
  return {
    ...PLAIN_JOB,
    id: one.job,
    task,
    name,
    user,
    account,
    qos,
    partitions: [partition],
    ...resources,
    alone,
    nodes: Math.max(1, one.hosts.length),
    hosts: called(one.hosts),
    pieces,
    limitMs: one.limitMs,
    secrets: one.hasSecrets,
    submittedMs,
    startedMs,
    leavesMs: one.leavesMs,
  }
}

/** None of whose hosts are there any more keeps nothing. */
function booking({ name, hosts, startMs, endMs, users, accounts }: HostBooking, called: Called): DescribedBooking[] {
  const names = called(hosts)
  return names.length === 0 ? [] : [{ ...PLAIN_BOOKING, name, hosts: names, startMs, endMs, users, accounts }]
}

/** What no limit can be set on is of no use to a plan. */
function limitable(amounts: Amounts): Amounts {
  return Object.fromEntries(
    Object.entries(amounts).filter(([name]) => ["cpu", "memory", "gpu"].includes(name) || name.startsWith("license/")),
  )
}
