import { DEFAULT_MEMORY_BYTES, type ResourceRequest } from "../../protocol/resources.ts"
import type { Pieces } from "../calendar/need.ts"
import { type LimitedJob, type LimitHit, startHitsOf, submitHitsOf } from "../limits/limit-check.ts"
import {
  type Amounts,
  entriesOf,
  type LayerKind,
  type LimitEntry,
  type LimitInForce,
  type LimitLayer,
  type Limits,
  limitsInForce,
  orderLayers,
} from "../limits/limits.ts"
import { type Count, countJob, type GroupCount } from "./limit-counts.ts"
import type { QueueScene } from "./queue-scene.ts"
import type { Standing, Standings } from "./standings.ts"

/** What policy limits for those of one standing. */
export interface StandingLimits {
  /** All that hold for such a job, with what counts against them. */
  readonly inForce: readonly LimitInForce[]
  /** What such a job is counted in: of a limit that it meets one is `layer.counts[scope]`. */
  readonly counts: readonly Count[]
  /** Those of them that a limit in force is held against. */
  readonly watched: readonly Count[]
  /** All that is limited is how many jobs there are: what such jobs ask for decides nothing. */
  readonly isByNumber: boolean
}

/** What of a scene counts. */
type Counted = Pick<QueueScene, "policy" | "running" | "used">

const MINUTE_MS = 60_000
const NOTHING: GroupCount = {
  runningJobs: 0,
  submittedJobs: 0,
  resources: {},
  minutes: {},
  runningMinutes: {},
  wallMinutes: 0,
}
const NO_LIMITS: Limits = {}
const NOT_COUNTED = { group: NOTHING, user: NOTHING, account: NOTHING }
const GIB = 1024 ** 3

/** What counts against limits, with what the pass has started so far. */
export class LimitBook {
  readonly #scene: Counted
  readonly #standings: Standings
  readonly #groups = new Map<string, GroupCount>()
  readonly #counts = new Map<string, Count>()
  readonly #limits = new Map<Standing, StandingLimits>()
  /** The same limits hold for many users. */
  readonly #entries = new Map<Limits, readonly LimitEntry[]>()
  /** Nothing is limited. */
  readonly isOff: boolean

  constructor(scene: Counted, standings: Standings, nowMs: number) {
    this.#scene = scene
    this.#standings = standings
    const { policy } = scene
    const all = [
      policy,
      ...policy.accounts,
      ...policy.accounts.flatMap(({ members }) => members),
      ...policy.qos,
      ...policy.partitions,
    ]
    this.isOff = all.every(({ limits }) => Object.keys(limits).length === 0) && policy.partitions.every(hasNoLongest)
    if (this.isOff) return
    for (const one of scene.running) {
      const standing = this.#standings.of(one.account, one.user, one.partition, one.qos)
      const leftMs = one.limitMs === null ? Number.POSITIVE_INFINITY : one.startedMs + one.limitMs - nowMs
      this.#count(standing, amountsOf(one.resources, one.hosts.length, one.pieces), Math.max(0, leftMs) / MINUTE_MS)
    }
  }

  /** The limits that one more job like this meets now; the first is its reason. */
  hitsOf(standing: Standing, job: LimitedJob): readonly LimitHit[] {
    if (this.isOff) return []
    return startHitsOf(job, this.of(standing).inForce, { safe: this.#scene.policy.safeMinutes })
  }

  /** Why one more job like this is refused when it is sent; the first is the reason. @param count how many are sent at once */
  submitHitsOf(standing: Standing, job: LimitedJob, count = 1): readonly LimitHit[] {
    const rules = { safe: this.#scene.policy.safeMinutes }
    const denies = standing.qos.deniesOnLimit || standing.partitionQos?.deniesOnLimit === true
    return submitHitsOf(job, this.of(standing).inForce, count, rules, denies)
  }

  /** What holds for such jobs; the same object each time. */
  of(standing: Standing): StandingLimits {
    let limits = this.#limits.get(standing)
    if (limits === undefined) {
      limits = this.#make(standing)
      this.#limits.set(standing, limits)
    }
    return limits
  }

  /** So many more wait: all tasks of an array count. */
  waits(standing: Standing, count = 1): void {
    for (const each of this.of(standing).counts) each.submittedJobs += count
  }

  started(standing: Standing, job: LimitedJob): void {
    if (!this.isOff) this.#count(standing, job.resources, job.timeLimitMinutes ?? Number.POSITIVE_INFINITY)
  }

  #count(standing: Standing, resources: Amounts, minutes: number): void {
    for (const each of this.of(standing).counts) countJob(each, resources, minutes)
  }

  #make({ user, account, partition, qos, member, accounts, partitionQos }: Standing): StandingLimits {
    const made: LimitLayer[] = []
    const layer = (kind: LayerKind, name: string, limits: Limits, more: Partial<LimitLayer> = {}): LimitLayer => {
      // What nothing is held against need not be counted.
      if (!setsAny(limits)) return { kind, name, limits, counts: NOT_COUNTED, ...more }
      const shown = kind === "user" ? `user ${account}/${user}` : kind === "root" ? "root" : `${kind} ${name}`
      const counts = {
        group: this.#group(kind === "partition_qos" ? `qos ${name}` : shown),
        user: this.#countOf(`${shown} of user ${user}`),
        account: this.#countOf(`${shown} of account ${account}`),
      }
      const one = { kind, name, limits, counts, ...more }
      made.push(one)
      return one
    }
    const ofQos = (kind: "qos" | "partition_qos", one: typeof qos) =>
      layer(kind, one.name, one.limits, {
        ...(kind === "partition_qos" ? { partition: partition.name } : {}),
        overridesPartition: one.overridesPartition,
        deniesOnLimit: one.deniesOnLimit,
      })
    const { longestTimeMs } = partition
    const job = longestTimeMs === null ? partition.limits.job : boundedBy(partition.limits, longestTimeMs / MINUTE_MS)
    const limits = job === undefined ? partition.limits : { ...partition.limits, job }
    const order = orderLayers({
      partitionQos: partitionQos === null ? null : ofQos("partition_qos", partitionQos),
      qos: ofQos("qos", qos),
      user: layer("user", user, member?.limits ?? NO_LIMITS),
      accounts: accounts.map((one) => layer("account", one.name, one.limits)),
      root: layer("root", "", this.#scene.policy.limits),
      partition: layer("partition", partition.name, limits),
      qosOverPartitionQos: qos.overPartitionQos,
    })
    const setting = order.filter(
      ({ limits, overridesPartition = [] }) => overridesPartition.length > 0 || setsAny(limits),
    )
    const inForce = limitsInForce(setting, (limits) => this.#entriesOf(limits))
    const watched = inForce.flatMap(({ scope, layer: { counts } }) => (scope === "job" ? [] : (counts[scope] as Count)))
    return {
      inForce,
      watched: once(watched),
      isByNumber: inForce.every(({ limit }) => limit === "runningJobs" || limit === "submittedJobs"),
      counts: once(made.flatMap(({ counts: { group, user, account } }) => [group, user, account] as Count[])),
    }
  }

  #entriesOf(limits: Limits): readonly LimitEntry[] {
    let entries = this.#entries.get(limits)
    if (entries === undefined) {
      entries = entriesOf(limits)
      this.#entries.set(limits, entries)
    }
    return entries
  }

  #group(key: string): GroupCount {
    let group = this.#groups.get(key)
    if (group === undefined) {
      const { minutes = {}, wallMinutes = 0 } = this.#scene.used.get(key) ?? {}
      group = { runningJobs: 0, submittedJobs: 0, resources: {}, minutes, runningMinutes: {}, wallMinutes }
      this.#groups.set(key, group)
    }
    return group
  }

  #countOf(key: string): Count {
    let count = this.#counts.get(key)
    if (count === undefined) {
      count = { runningJobs: 0, submittedJobs: 0, resources: {} }
      this.#counts.set(key, count)
    }
    return count
  }
}

/** What a job asks for, or holds, on all its hosts: cores as `cpu`, `gpu`, `memory` in GiB, and pieces as `license/NAME`. */
export function amountsOf({ memoryBytes, gpus, cores }: ResourceRequest, hosts: number, pieces: Pieces): Amounts {
  const amounts: Record<string, number> = {
    cpu: cores * hosts,
    // Who does not say leases the GPU where there is one.
    gpu: (gpus ?? 1) * hosts,
    memory: ((memoryBytes ?? DEFAULT_MEMORY_BYTES) / GIB) * hosts,
  }
  for (const name in pieces) amounts[`license/${name}`] = pieces[name]!
  return amounts
}

/** Each that is in there once. */
function once<T>(all: readonly T[]): readonly T[] {
  return all.filter((one, at) => all.indexOf(one) === at)
}

/** The same number as long as no job has begun that could change which limits such a job meets. */
export function stampOf({ watched }: StandingLimits): number {
  let begun = 0
  for (const { runningJobs } of watched) begun += runningJobs
  return begun
}

function setsAny(limits: Limits): boolean {
  for (const _ in limits) return true
  return false
}

function hasNoLongest({ longestTimeMs }: { readonly longestTimeMs: number | null }): boolean {
  return longestTimeMs === null
}

function boundedBy({ job }: Limits, minutes: number): NonNullable<Limits["job"]> {
  return { ...job, wallMinutes: Math.min(job?.wallMinutes ?? Number.POSITIVE_INFINITY, minutes) }
}
