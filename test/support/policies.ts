import fc from "fast-check"
import type { CountedLimits, JobLimits, Limits } from "../../src/scheduler/limits/limits.ts"
import type { HostMatch } from "../../src/scheduler/policy/host-match.ts"
import {
  type Policy,
  type PolicyAccount,
  type PolicyMember,
  PREEMPT_MODES,
  RAW_FACTORS,
} from "../../src/scheduler/policy/policy.ts"
import { RESET_PERIODS } from "../../src/scheduler/share/usage-reset.ts"

const ACCOUNTS = ["vision", "nlp", "2024", "x.y", "Bio_1", "no", "0x10", "1e3"] as const
const USERS = ["ann", "bob", "cyd", "yes", "e1", "o.k-2"] as const
const QOS = ["normal", "urgent", "12", "null", "low"] as const
const PARTITIONS = ["apple_gpu", "true", "night"] as const

const ms = fc.oneof(fc.constantFrom(60_000, 3_600_000, 86_400_000), fc.integer({ min: 1000, max: 1e10 }))
const shares = fc.oneof(fc.integer({ min: 1, max: 1e6 }), fc.constantFrom(0.5, 1e-9, 1e21, "parent" as const))
const rank = fc.integer({ min: 0, max: 0xffff_ffff })
const weight = rank
const factor = fc.double({ min: 0, max: 1e6, noNaN: true }).map((value) => value + 0)
const some = <T extends string>(names: readonly T[]) => fc.subarray([...names], { minLength: 1 })
const orNull = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: null })
const gibibytes = fc.integer({ min: 1, max: 2 ** 50 }).map((bytes) => bytes / 2 ** 30)
const count = fc.integer({ min: 1, max: 1e5 })

const amounts = fc.record({ cpu: count, gpu: count, memory: gibibytes, "license/ansys.x": count }, { requiredKeys: [] })
const weights = fc.record({ cpu: factor, gpu: factor, memory: factor }, { requiredKeys: [] })
/** Some of each, as nobody could meet none. */
const minutes = weights.map((amounts) =>
  Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, amount + 1])),
)
const counted: fc.Arbitrary<CountedLimits> = fc.record(
  { runningJobs: count, submittedJobs: count, resources: amounts },
  { requiredKeys: [] },
)
const wallMinutes = ms.map((value) => value / 60_000)
/** One host at least, so that no limit of cores contradicts it. */
const jobLimits: fc.Arbitrary<JobLimits> = fc.record(
  { wallMinutes, minHosts: fc.constant(1), maxHosts: count, resources: amounts, resourcesPerHost: amounts, minutes },
  { requiredKeys: [] },
)
const limits: fc.Arbitrary<Limits> = fc.record(
  {
    group: fc
      .tuple(counted, fc.record({ minutes, runningMinutes: minutes, wallMinutes }, { requiredKeys: [] }))
      .map(([a, b]) => ({ ...a, ...b })),
    user: counted,
    account: counted,
    job: jobLimits,
  },
  { requiredKeys: [] },
)

const match: fc.Arbitrary<HostMatch> = fc
  .record({
    name: orNull(fc.constantFrom("mac-1", "all", "7")),
    chip: orNull(fc.constantFrom("M3 Ultra", "Apple M1")),
    labels: fc.dictionary(fc.constantFrom("room", "1", "a b"), fc.constantFrom("x: y", "yes", "#3"), {
      noNullPrototype: true,
    }),
  })
  .map((one) =>
    one.name === null && one.chip === null && Object.keys(one.labels).length === 0 ? { ...one, name: "mac-2" } : one,
  )

const hosts = fc.oneof(
  fc.constant([{ name: null, chip: null, labels: {} }]),
  fc.array(match, { minLength: 1, maxLength: 3 }),
)

function qosRules(qos: readonly string[]) {
  return orNull(fc.subarray([...qos], { minLength: 1 })).chain((allowed) =>
    orNull(fc.constantFrom(...(allowed ?? qos))).map((defaultQos) => ({ qos: allowed, defaultQos })),
  )
}

function accounts(qos: readonly string[]): fc.Arbitrary<PolicyAccount[]> {
  const member = (user: string): fc.Arbitrary<PolicyMember> =>
    fc
      .tuple(fc.record({ shares, limits, rank, isDefault: fc.boolean() }), qosRules(qos))
      .map(([one, own]) => ({ ...one, ...own, user }))
  const account = (name: string, above: readonly string[]): fc.Arbitrary<PolicyAccount> =>
    fc
      .tuple(
        fc.record({
          parent: above.length === 0 ? fc.constant(null) : orNull(fc.constantFrom(...above)),
          shares,
          coordinators: fc.subarray([...USERS]),
          members: fc.subarray([...USERS]).chain((users) => fc.tuple(...users.map(member))),
          limits,
          rank,
        }),
        qosRules(qos),
      )
      .map(([one, own]) => ({ ...one, ...own, name }))
  return some(ACCOUNTS)
    .chain((names) => fc.tuple(...names.map((name, at) => account(name, names.slice(0, at)))))
    .map(oneDefaultEach)
}

/** Each user has exactly one default account. */
function oneDefaultEach(all: readonly PolicyAccount[]): PolicyAccount[] {
  const chosen = new Map<string, string>()
  for (const { name, members } of all)
    for (const { user, isDefault } of members) if (isDefault && !chosen.has(user)) chosen.set(user, name)
  for (const { name, members } of all) for (const { user } of members) if (!chosen.has(user)) chosen.set(user, name)
  return all.map((account) => ({
    ...account,
    members: account.members.map((member) => ({ ...member, isDefault: chosen.get(member.user) === account.name })),
  }))
}

/** Policies of any content that may be applied. Names are such as YAML would take for something else. */
export function policies(): fc.Arbitrary<Policy> {
  // The copies have the prototype that all plain objects have.
  return anyPolicy().map((policy) => structuredClone(withDefaults(policy)))
}

/** What jobs have that ask for nothing is allowed them. */
function withDefaults(policy: Policy): Policy {
  const members = policy.accounts.flatMap((account) => account.members)
  const all = [policy, ...policy.accounts, ...members, ...policy.qos, ...policy.partitions]
  const leastMs = 60_000 * Math.min(...all.map((one) => one.limits.job?.wallMinutes ?? Number.POSITIVE_INFINITY))
  const mine = <T extends Pick<PolicyAccount, "qos" | "defaultQos">>(one: T): T =>
    one.qos === null ? { ...one, defaultQos: null } : { ...one, defaultQos: one.defaultQos ?? one.qos[0]! }
  const top = policy.accounts.map((account) => ({ ...mine(account), members: account.members.map(mine) }))
  return {
    ...policy,
    accounts: top,
    partitions: policy.partitions.map((one) =>
      (one.defaultTimeMs ?? 0) > leastMs ? { ...one, defaultTimeMs: null } : one,
    ),
  }
}

function anyPolicy(): fc.Arbitrary<Policy> {
  return some(QOS.slice(1)).chain((more) => {
    const qosNames = ["normal", ...more]
    return fc.tuple(accounts(qosNames), some(PARTITIONS)).chain(([all, partitionNames]) => {
      const accountNames = all.map(({ name }) => name)
      const mode = orNull(fc.constantFrom(...PREEMPT_MODES))
      const partition = (name: string) =>
        fc.record({
          name: fc.constant(name),
          hosts,
          tier: fc.nat(65_533),
          rank,
          limits,
          defaultTimeMs: orNull(fc.integer({ min: 1000, max: 1e6 })),
          longestTimeMs: orNull(fc.integer({ min: 1e6, max: 1e10 })),
          users: orNull(some(USERS)),
          accounts: orNull(some(accountNames)),
          allowedQos: orNull(some(qosNames)),
          qos: orNull(fc.constantFrom(...qosNames)),
          preemptMode: mode,
          graceMs: orNull(ms),
          billingWeights: orNull(minutes),
        })
      const qos = (name: string, at: number) =>
        fc.record({
          name: fc.constant(name),
          rank,
          limits,
          preempts: fc.subarray(qosNames.slice(0, at)),
          preemptMode: mode,
          graceMs: orNull(ms),
          minimumRunMs: orNull(ms),
          usageFactor: factor,
          deniesOnLimit: fc.boolean(),
          overridesPartition: fc.subarray(["wallMinutes", "minHosts", "maxHosts"] as const),
          overPartitionQos: fc.boolean(),
          noReserve: fc.boolean(),
        })
      return fc.record<Policy>({
        accounts: fc.constant(all),
        defaultAccount: fc.constantFrom(...accountNames),
        newUserShares: shares,
        partitions: fc.tuple(...partitionNames.map(partition)),
        defaultPartition: fc.constantFrom(...partitionNames),
        qos: fc.tuple(...qosNames.map(qos)),
        defaultQos: fc.constantFrom(...qosNames),
        limits,
        safeMinutes: fc.boolean(),
        priority: fc.record({
          weights: fc.record({
            age: weight,
            association: weight,
            fairShare: weight,
            size: weight,
            partition: weight,
            qos: weight,
            resources: weights,
          }),
          maxAgeMs: ms,
          size: fc.record({ favor: fc.constantFrom("large", "small"), relativeToTime: fc.boolean() }),
          raw: fc.subarray([...RAW_FACTORS]),
          neverFalls: fc.boolean(),
          accruesAlways: fc.boolean(),
          slurmAge: fc.boolean(),
        }),
        fairShare: fc.record({
          algorithm: fc.constantFrom("fair_tree", "classic"),
          mergeTiedAccounts: fc.boolean(),
          dampening: fc.double({ min: 1e-3, max: 65_533, noNaN: true }),
        }),
        usage: fc.record({
          halfLifeS: fc.oneof(
            fc.constant(0),
            fc.integer({ min: 60_000, max: 1e10 }).map((value) => value / 1000),
          ),
          periodMs: ms,
          reset: fc.constantFrom(...RESET_PERIODS),
          timeZone: fc.constantFrom("UTC", "Europe/Berlin"),
        }),
        billing: fc.record({
          weights: orNull(minutes),
          rule: fc.constantFrom("sum", "max"),
          hosts: fc.array(fc.record({ match, factor }), { maxLength: 3 }),
        }),
        backfill: fc.record({
          enabled: fc.boolean(),
          gridMs: ms,
          windowMs: ms.map((value) => value + 1e10),
          depth: count,
        }),
        preemption: fc.record({
          by: fc.constantFrom("off", "tier", "qos"),
          mode: fc.constantFrom(...PREEMPT_MODES),
          graceMs: ms,
          minimumRunMs: ms,
          youngestFirst: fc.boolean(),
        }),
        shortLane: orNull(fc.record({ longestMs: ms, interactiveOnly: fc.boolean(), runningPerUser: orNull(count) })),
        bookings: orNull(
          fc.record({
            hosts: fc.integer({ min: 1, max: 9 }),
            longestMs: ms,
            aheadMs: ms,
            perUser: fc.integer({ min: 1, max: 9 }),
          }),
        ),
        owners: fc.record({
          first: fc.boolean(),
          preempt: fc.boolean(),
          uncharged: fc.boolean(),
          donated: fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0),
          learnPresence: fc.boolean(),
        }),
        preferences: fc.array(fc.record({ match, users: some(USERS), accounts: fc.subarray(accountNames) }), {
          maxLength: 2,
        }),
      })
    })
  })
}
