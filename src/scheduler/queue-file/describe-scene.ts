import type { HostId } from "../../protocol/ids.ts"
import type { Amounts } from "../limits/limits.ts"
import type { HostBooking, QueueJob, QueueScene, RunningAttempt } from "../queue/queue-scene.ts"
import { describeHost } from "./describe-host.ts"
import type { DescribedScene } from "./described-scene.ts"
import type { DescribedHost } from "./host-codec.ts"
import { type DescribedBooking, type DescribedJob, PLAIN_BOOKING, PLAIN_JOB } from "./job-codec.ts"

/** What no plan needs, and who reads the file may. */
export interface SceneFacts {
  /** Faded usage by `account/user`, from which the factors came. */
  readonly usage: ReadonlyMap<string, number>
  readonly hosts: ReadonlyMap<HostId, Pick<DescribedHost, "chip" | "labels">>
}

const NO_FACTS: SceneFacts = { usage: new Map(), hosts: new Map() }

/**
 * The other way round of `buildScene`: read again, it gives the same plan. Hosts are told by their names, which are unique, and those that are not there
 * any more by their ids.
 */
export function describeScene(scene: QueueScene, facts: SceneFacts = NO_FACTS): DescribedScene {
  const names = new Map<string, string>(scene.hosts.flatMap(({ id, name }) => [[name, name] as const, [id, name]]))
  const gone = new Set<string>()
  const called = (hosts: Iterable<string>) =>
    [...hosts].map((host) => {
      const name = names.get(host)
      if (name === undefined) gone.add(host)
      return name ?? host
    })
  return {
    hosts: scene.hosts.map((host) => describeHost(scene, host, facts.hosts.get(host.id) ?? {})),
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
    reservations: scene.bookings.map((one) => booking(one, called)),
    ended: scene.ended.map(({ job, task, startedMs, outcome }) => ({ id: job, task, startedMs, outcome })),
    gone: [...gone],
    timeZone: "UTC",
    estimates: false,
  }
}

type Called = (hosts: Iterable<string>) => readonly string[]

function waitingJob(job: QueueJob, called: Called): DescribedJob {
  const { user, account, qos, partitions, resources, alone, limitMs, submittedMs, accruesSinceMs } = job
  const { pieces, beginMs, deadlineMs, hold, priority, reached, nice, site, dependency, expedited, interactive } = job
  const { array } = job
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
    limitMs: limitMs ?? undefined,
    secrets: job.hasSecrets,
    data: job.data,
    workspace: job.workspace ?? null,
    crashes: crashesByName(job, called),
    submittedMs,
    accruesSinceMs,
    beginMs,
    awaits: job.awaits ?? null,
    deadlineMs,
    hold,
    priority,
    reached: reached ?? null,
    nice,
    site,
    dependency,
    reservation: job.booking,
    expedited,
    interactive,
    array: array?.tasks ?? null,
    arrayOf: array?.of ?? null,
    arrayRunning: array?.running ?? null,
    roomAsked: (job.roomAsked ?? []).map((one) => ({ ...one, hosts: called(one.hosts) })),
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
    nodes: Math.max(1, one.nodes ?? one.hosts.length),
    hosts: called(one.hosts),
    pieces,
    limitMs: one.limitMs,
    secrets: one.hasSecrets,
    submittedMs,
    startedMs,
    leavesMs: one.leavesMs,
    leavesFor: one.leavesFor ?? null,
    interactive: one.interactive ?? false,
    once: one.once ?? false,
    stoppedFor: one.stoppedFor ?? null,
    askedHosts: one.hostsWanted == null ? null : called(one.hostsWanted),
  }
}

function booking({ goesOn = false, hosts, ...one }: HostBooking, called: Called): DescribedBooking {
  const { name, startMs, endMs, users, accounts } = one
  return { ...PLAIN_BOOKING, name, hosts: called(hosts), startMs, endMs, users, accounts, goesOn }
}

/** What no limit can be set on is of no use to a plan. */
function limitable(amounts: Amounts): Amounts {
  return Object.fromEntries(
    Object.entries(amounts).filter(([name]) => ["cpu", "memory", "gpu"].includes(name) || name.startsWith("license/")),
  )
}
