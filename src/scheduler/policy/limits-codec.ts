import { type Codec, type Fields, record } from "../described/codec.ts"
import { byResource, gibibytes } from "../described/resource-codecs.ts"
import { durationIn, number } from "../described/scalar-codecs.ts"
import type { CountedLimits, JobLimits, Limits } from "../limits/limits.ts"

const MOST_JOBS = 1_000_000_000

const jobs = number({ what: "a number of jobs", least: 0, most: MOST_JOBS, whole: true })
const hosts = number({ what: "a number of hosts", least: 0, most: 1_000_000, whole: true })
const amounts = byResource("an amount", { memory: gibibytes })
const minutes = byResource("a number of resource minutes")
const wallMinutes = durationIn(60_000)

const counted: Fields<CountedLimits> = {
  runningJobs: ["running-jobs", optional(jobs)],
  submittedJobs: ["submitted-jobs", optional(jobs)],
  resources: ["resources", optional(amounts)],
}

const group: Fields<NonNullable<Limits["group"]>> = {
  ...counted,
  minutes: ["minutes", optional(minutes)],
  runningMinutes: ["running-minutes", optional(minutes)],
  wallMinutes: ["wall-time", optional(wallMinutes)],
}

const job: Fields<JobLimits> = {
  wallMinutes: ["wall-time", optional(wallMinutes)],
  minHosts: ["min-hosts", optional(hosts)],
  maxHosts: ["max-hosts", optional(hosts)],
  resources: ["resources", optional(amounts)],
  minResources: ["min-resources", optional(amounts)],
  resourcesPerHost: ["resources-per-host", optional(amounts)],
  minutes: ["minutes", optional(minutes)],
}

/** Limits of one layer. Memory is kept in GiB. */
export const limits: Codec<Limits> = record<Limits>(
  {
    group: ["group", optional(record(group, {}))],
    user: ["user", optional(record(counted, {}))],
    account: ["account", optional(record(counted, {}))],
    job: ["job", optional(record(job, {}))],
  },
  {},
)

/** For what may be absent: a record only reads and writes what is there. */
function optional<T>(codec: Codec<T>): Codec<T | undefined> {
  return { read: codec.read, write: (value, whole) => (value === undefined ? undefined : codec.write(value, whole)) }
}
