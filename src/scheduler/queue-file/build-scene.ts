import { closest } from "../../base/closest.ts"
import type { BlobHash, HostId, JobId } from "../../protocol/ids.ts"
import { needOn } from "../../protocol/resources.ts"
import { type Path, type Report, shown } from "../described/codec.ts"
import { accountsBelow } from "../policy/accounts-below.ts"
import { matchesHost } from "../policy/host-match.ts"
import type { Policy } from "../policy/policy.ts"
import { preferredOn } from "../queue/preferences.ts"
import type { EndedJob, HostBooking, QueueHost, QueueJob, QueueScene, RunningAttempt } from "../queue/queue-scene.ts"
import { jobsNamedIn } from "../request/after-words.ts"
import { occurrences, readRecurrence, recurrenceProblem } from "../time/recurrence.ts"
import type { DescribedScene } from "./described-scene.ts"
import { fairSharesOf } from "./fair-shares.ts"
import { type DescribedHost, expectedTimes } from "./host-codec.ts"
import type { DescribedBooking, DescribedJob } from "./job-codec.ts"
import { roomsAsked } from "./room-codec.ts"

/** Most times of a reservation that comes again that are looked at. */
const MOST_TIMES = 10_000

/** Makes a scene of what was read, with a value for all that was left out, and reports what does not go together. */
export function buildScene(policy: Policy, described: DescribedScene, nowMs: number, report: Report): QueueScene {
  const builder = new SceneBuilder(policy, described, nowMs, report)
  return {
    policy,
    hosts: builder.hosts,
    pieces: described.pieces,
    fairShares: builder.fairShares(),
    used: new Map(
      described.used.map(({ of, minutes, wallTime, wallMinutes }) => [
        of,
        { minutes, wallMinutes: wallTime + wallMinutes },
      ]),
    ),
    waiting: described.jobs.map((job, at) => builder.waiting(job, at)),
    running: described.running.map((job, at) => builder.running(job, at)),
    bookings: described.reservations.flatMap((one, at) => builder.booking(one, at)),
    ended: described.ended.flatMap((one, at) => builder.ended(one, at)),
  }
}

class SceneBuilder {
  readonly hosts: readonly QueueHost[]
  readonly #policy: Policy
  readonly #described: DescribedScene
  readonly #nowMs: number
  readonly #report: Report
  readonly #byName: ReadonlyMap<string, QueueHost>
  readonly #numbers = new Set<string>()

  constructor(policy: Policy, described: DescribedScene, nowMs: number, report: Report) {
    this.#policy = policy
    this.#described = described
    this.#nowMs = nowMs
    this.#report = report
    this.hosts = described.hosts.flatMap((host) => host.names.map((name) => this.#host(host, name)))
    this.#byName = new Map(this.hosts.map((host) => [host.name, host]))
    if (this.#byName.size < this.hosts.length) {
      const twice = this.hosts.find((host) => this.#byName.get(host.name) !== host)
      report(["hosts"], `${twice?.name} is there twice`)
    }
  }

  fairShares(): ReadonlyMap<string, number> {
    const { usage, fairShares } = this.#described
    const withAccount = (all: Readonly<Record<string, number>>) =>
      new Map(
        Object.entries(all).map(([key, one]) => [key.includes("/") ? key : `${this.#accountOf(key)}/${key}`, one]),
      )
    return new Map([...fairSharesOf(this.#policy, withAccount(usage)), ...withAccount(fairShares)])
  }

  waiting(job: DescribedJob, at: number): QueueJob {
    const path = ["jobs", at]
    const id = this.#numberOf(job, path, at)
    const who = this.#whoOf(job)
    const { resources } = this.#needOf(job)
    const submittedMs = job.submittedMs ?? this.#nowMs
    if (job.dependency !== null && jobsNamedIn(job.dependency).includes(id))
      this.#report([...path, "dependency"], `job ${id} would wait for itself`)
    return {
      id,
      ...who,
      name: job.name ?? `job ${id}`,
      partitions: job.partitions ?? [this.#policy.defaultPartition],
      resources,
      alone: job.alone,
      hosts: job.nodes,
      pieces: job.pieces,
      limitMs: job.limitMs ?? null,
      hasSecrets: job.secrets,
      data: job.data,
      ...(job.workspace === null ? {} : { workspace: job.workspace }),
      ...this.#crashesOf(job, [...path, "crashes"]),
      hostsWanted: job.hosts === null ? null : job.hosts.map((name) => this.#hostCalled(name, [...path, "hosts"])),
      submittedMs,
      accruesSinceMs:
        job.accruesSinceMs === undefined ? Math.max(submittedMs, job.beginMs ?? submittedMs) : job.accruesSinceMs,
      beginMs: job.beginMs,
      ...(job.awaits === null ? {} : { awaits: job.awaits }),
      deadlineMs: job.deadlineMs,
      hold: job.hold,
      priority: job.priority,
      ...(job.reached === null ? {} : { reached: job.reached }),
      nice: job.nice,
      site: job.site,
      dependency: job.dependency,
      booking: job.reservation,
      expedited: job.expedited,
      interactive: job.interactive,
      array: this.#arrayOf(job, id),
      ...roomsAsked(job, this.#policy, (name) => this.#hostCalled(name, [...path, "room-asked"])),
    }
  }

  running(job: DescribedJob, at: number): RunningAttempt {
    const path = ["running", at]
    const id = this.#numberOf(job, path, at)
    const { task, alone, pieces, leavesMs, interactive, once } = job
    if (job.hosts === null || job.hosts.length === 0) this.#report(path, "does not say on which hosts it runs")
    const hosts = (job.hosts ?? []).map((name) => this.#hostCalled(name, [...path, "hosts"]))
    const { resources } = this.#needOf(job)
    const total = this.#byName.get(hosts[0] ?? "")?.total ?? { memoryBytes: 0, gpus: 0, cores: 0 }
    return {
      job: id,
      ...this.#whoOf(job),
      name: job.name ?? `job ${id}`,
      partition: job.partitions?.[0] ?? this.#policy.defaultPartition,
      hosts,
      hostsWanted: job.askedHosts?.map((name) => this.#hostCalled(name, [...path, "asked-hosts"])) ?? null,
      ...(job.nodes > hosts.length ? { nodes: job.nodes } : {}),
      resources: needOn(resources, total),
      ...{ task, alone, pieces, leavesMs, interactive, once },
      hasSecrets: job.secrets,
      submittedMs: job.submittedMs ?? job.startedMs ?? this.#nowMs,
      startedMs: job.startedMs ?? this.#nowMs,
      limitMs: job.limitMs === undefined ? this.#limitOf(job) : job.limitMs,
      leavesFor: job.leavesFor as JobId | null,
      stoppedFor: job.stoppedFor as JobId | null,
    }
  }

  booking(booking: DescribedBooking, at: number): HostBooking[] {
    const path: Path = ["reservations", at]
    const { startMs, endMs, durationMs, repeats } = booking
    const lastsMs = durationMs ?? (endMs === null || startMs === null ? null : endMs - startMs)
    if (startMs === null || lastsMs === null || lastsMs <= 0) {
      this.#report(path, "needs a start, and an end after it or a duration")
      return []
    }
    const { users, timeZone, untilMs, goesOn } = booking
    // With all below them; a snapshot has these already, and may have some that its policy does not know.
    const accounts = [...new Set([...booking.accounts, ...accountsBelow(this.#policy, booking.accounts)])]
    const { windowMs } = this.#policy.backfill
    const name = booking.name ?? `reservation ${at + 1}`
    const hosts = new Set(booking.hosts.map((one) => this.#hostCalled(one, [...path, "hosts"])))
    if (hosts.size === 0) this.#report(path, "names no hosts")
    try {
      const recurring = {
        startMs,
        durationMs: lastsMs,
        timeZone,
        untilMs,
        repeats: repeats === null || repeats === "none" ? null : readRecurrence(repeats),
      }
      const problem = recurrenceProblem(recurring)
      if (problem !== null) throw new SyntaxError(problem)
      const times: HostBooking[] = []
      for (const time of occurrences(recurring, this.#nowMs)) {
        const last = times.at(-1)
        // However far ahead it is, a job may run as long. But all that is planned begins within the window: what would run into a later one runs into this one.
        if (last !== undefined && (last.startMs > this.#nowMs + windowMs || times.length >= MOST_TIMES)) {
          times.splice(-1, 1, { ...last, goesOn: true })
          break
        }
        times.push({ name, hosts, users, accounts, ...time, ...(goesOn ? { goesOn } : {}) })
      }
      return times
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
      this.#report([...path, "repeats"], error.message)
      return []
    }
  }

  ended({ id, ...one }: DescribedScene["ended"][number], at: number): EndedJob[] {
    if (id !== null) return [{ job: id as JobId, ...one }]
    this.#report(["ended", at], "has no id")
    return []
  }

  #host(host: DescribedHost, name: string): QueueHost {
    const matched = { name, chip: host.chip, labels: host.labels }
    const partitions =
      host.partitions ??
      this.#policy.partitions.flatMap((one) => (one.hosts.some((match) => matchesHost(match, matched)) ? one.name : []))
    const { memoryBytes, gpus, cores, gpuMemoryBytes, memoryNowBytes } = host
    const zone = host.timeZone ?? this.#described.timeZone
    return {
      id: name as HostId,
      name,
      link: host.link,
      reason: host.reason,
      draining: host.draining,
      withheld: host.withheld,
      ownerObstacles: host.obstacles
        .filter(({ until }) => until === null || until > this.#nowMs)
        .map(({ code, text, until }) => ({ code, text: text ?? code.replaceAll("_", " "), until })),
      users: host.users === null ? null : new Set(host.users),
      total: { memoryBytes, gpus, cores },
      ...(gpuMemoryBytes === null ? {} : { gpuMemoryBytes }),
      ...(memoryNowBytes === null ? {} : { memoryNowBytes }),
      partitions,
      data: new Set(host.trees as readonly BlobHash[]),
      places: new Set(host.data),
      ...this.#linksOf(host),
      owner: host.owner,
      prefers: host.prefers ?? preferredOn(this.#policy, matched),
      // Small Macs first, where nobody says otherwise.
      weight: host.weight ?? memoryBytes,
      expected: [
        ...host.expected,
        ...expectedTimes(host.presence, zone, this.#nowMs, this.#policy.backfill.windowMs),
      ].sort((a, b) => a.startMs - b.startMs),
    }
  }

  #linksOf({ network, linked, keeps }: DescribedHost): Pick<QueueHost, "network" | "linked" | "keeps"> {
    const mbpsTo = Object.entries(linked?.mbpsTo ?? {}).map(([name, mbps]) => [name as HostId, mbps] as const)
    return {
      ...(network === null ? {} : { network: { ...network, trees: new Set(network.trees as readonly BlobHash[]) } }),
      ...(linked === null ? {} : { linked: { ...linked, mbpsTo: new Map(mbpsTo) } }),
      ...(keeps === null ? {} : { keeps }),
    }
  }

  #arrayOf({ array, arrayOf, arrayRunning }: DescribedJob, id: JobId): QueueJob["array"] {
    if (array === null) return null
    const of = (arrayOf ?? id) as JobId
    return { ...(arrayOf === null ? {} : { of }), tasks: array, running: arrayRunning ?? this.#runningOf(of) }
  }

  #whoOf(job: DescribedJob): Pick<QueueJob, "user" | "account" | "qos"> {
    const user = job.user ?? "somebody"
    const account = job.account ?? this.#accountOf(user)
    const { accounts, defaultQos } = this.#policy
    let qos = job.qos
    for (let one = accounts.find(({ name }) => name === account); qos === null && one !== undefined; ) {
      qos = one.members.find((member) => member.user === user)?.defaultQos ?? one.defaultQos
      const { parent } = one
      one = parent === null ? undefined : accounts.find(({ name }) => name === parent)
    }
    return { user, account, qos: qos ?? defaultQos }
  }

  #accountOf(user: string): string {
    const own = this.#policy.accounts.find(({ members }) => members.some((one) => one.user === user && one.isDefault))
    return own?.name ?? this.#policy.defaultAccount
  }

  #needOf({ memoryBytes, gpus, cores }: DescribedJob): Pick<QueueJob, "resources"> {
    return { resources: { memoryBytes, gpus, cores } }
  }

  #crashesOf({ crashes }: DescribedJob, path: Path): Pick<QueueJob, "crashes"> {
    const all = Object.entries(crashes).map(([name, times]) => ({ host: this.#hostCalled(name, path), times }))
    return all.length === 0 ? {} : { crashes: all }
  }

  #limitOf({ partitions }: DescribedJob): number | null {
    const name = partitions?.[0] ?? this.#policy.defaultPartition
    const partition = this.#policy.partitions.find((one) => one.name === name)
    return partition?.defaultTimeMs ?? partition?.longestTimeMs ?? null
  }

  #numberOf({ id, task, startedMs, hosts }: DescribedJob, path: Path, at: number): JobId {
    const number = id ?? (path[0] === "jobs" ? at + 1 : null)
    if (number === null) this.#report(path, "has no id")
    // Of one job several attempts may be there, and one may hold on its hosts what differs.
    const key = path[0] === "jobs" ? `${number}` : JSON.stringify(["run", number, task, startedMs, hosts])
    if (this.#numbers.has(key)) this.#report([...path, "id"], `job ${number} is there twice`)
    this.#numbers.add(key)
    return (number ?? 0) as JobId
  }

  #runningOf(id: JobId): number {
    return this.#described.running.filter((one) => one.id === id).length
  }

  #hostCalled(name: string, path: Path): HostId {
    if (!this.#byName.has(name) && !this.#described.gone.includes(name)) {
      const near = closest(name, [...this.#byName.keys()])
      this.#report(path, `there is no host ${shown(name)}${near === undefined ? "" : `: did you mean ${near}?`}`)
    }
    return name as HostId
  }
}
