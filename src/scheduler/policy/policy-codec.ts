import { type Codec, list, named, orNone, record } from "../described/codec.ts"
import { byResource } from "../described/resource-codecs.ts"
import { durationIn, durationMs, flag, number, oneOf, shares } from "../described/scalar-codecs.ts"
import type { PARTITION_BOUNDS } from "../limits/limits.ts"
import type { PriorityWeights } from "../priority/priority.ts"
import type { UsagePolicy } from "../share/usage.ts"
import { RESET_PERIODS } from "../share/usage-reset.ts"
import { accounts, rank } from "./account-codec.ts"
import { DEFAULT_POLICY, PLAIN_PARTITION, PLAIN_QOS } from "./default-policy.ts"
import { hosts, ofHosts } from "./host-match-codec.ts"
import { limits } from "./limits-codec.ts"
import { names, policyName, userName } from "./name-codecs.ts"
import {
  type BookingRules,
  type HostPreference,
  type HostPrice,
  type Policy,
  type PolicyPartition,
  type PolicyQos,
  PREEMPT_MODES,
  RAW_FACTORS,
  type ShortLane,
} from "./policy.ts"
import { timeZone } from "./time-zone-codec.ts"

const weight = number({ what: "a weight", least: 0, most: 0xffff_ffff, whole: true })
const preemptMode = orNone(oneOf(PREEMPT_MODES), "default")
const duration = durationMs()
const orDefault = orNone(duration, "default")
const billingWeights = orNone(byResource("a weight"))

const partition = record<Omit<PolicyPartition, "name">>(
  {
    hosts: ["hosts", hosts],
    defaultTimeMs: ["default-time", orNone(durationMs({ above: true }))],
    longestTimeMs: ["longest-time", orNone(durationMs({ above: true }))],
    tier: ["tier", number({ what: "a tier", least: 0, most: 65_533, whole: true })],
    rank: ["rank", rank],
    users: ["users", orNone(names(userName), "any")],
    accounts: ["accounts", orNone(names(policyName), "any")],
    allowedQos: ["allowed-qos", orNone(names(policyName), "any")],
    qos: ["qos", orNone(policyName)],
    limits: ["limits", limits],
    preemptMode: ["preempt-mode", preemptMode],
    graceMs: ["grace", orDefault],
    billingWeights: ["billing", billingWeights],
  },
  PLAIN_PARTITION,
)

/** Of a partition's bounds as they are called in limits. */
const BOUNDS = { "wall-time": "wallMinutes", "min-hosts": "minHosts", "max-hosts": "maxHosts" } as const
const bound: Codec<(typeof PARTITION_BOUNDS)[number]> = {
  read(value, path, report) {
    const word = oneOf(Object.keys(BOUNDS) as (keyof typeof BOUNDS)[]).read(value, path, report)
    return word === undefined ? undefined : BOUNDS[word]
  },
  write: (value) => Object.entries(BOUNDS).find(([, one]) => one === value)?.[0],
}

const qos = record<Omit<PolicyQos, "name">>(
  {
    rank: ["rank", rank],
    limits: ["limits", limits],
    preempts: ["preempts", names(policyName)],
    preemptMode: ["preempt-mode", preemptMode],
    graceMs: ["grace", orDefault],
    minimumRunMs: ["minimum-run", orDefault],
    usageFactor: ["usage-factor", number({ what: "a factor", least: 0, most: 1e6 })],
    deniesOnLimit: ["denies-on-limit", flag],
    overridesPartition: ["overrides-partition", list(bound, Object.keys(BOUNDS).join(", "))],
    overPartitionQos: ["over-partition-qos", flag],
    noReserve: ["no-reserve", flag],
  },
  PLAIN_QOS,
)

const weights = record<PriorityWeights>(
  {
    age: ["age", weight],
    fairShare: ["fair-share", weight],
    size: ["size", weight],
    partition: ["partition", weight],
    qos: ["qos", weight],
    association: ["association", weight],
    resources: ["resources", byResource("a weight")],
  },
  DEFAULT_POLICY.priority.weights,
)

const usage = record<UsagePolicy>(
  {
    halfLifeS: ["half-life", zeroAsNone(durationIn(1000, { above: true }))],
    periodMs: ["period", durationMs({ above: true })],
    reset: ["reset", oneOf(RESET_PERIODS)],
    timeZone: ["time-zone", timeZone],
  },
  DEFAULT_POLICY.usage,
)

const backfill: Codec<Policy["backfill"]> = record(
  {
    enabled: ["enabled", flag],
    gridMs: ["grid", durationMs({ above: true })],
    windowMs: ["window", durationMs({ above: true })],
    depth: ["reserve-depth", number({ what: "a number of jobs", least: 1, most: 1_000_000, whole: true })],
  },
  DEFAULT_POLICY.backfill,
)

/** The whole file. What it leaves out is as in {@link DEFAULT_POLICY}; what its parts say of each other is checked elsewhere. */
export const policyCodec: Codec<Policy> = record<Policy>(
  {
    accounts: ["accounts", accounts],
    defaultAccount: ["default-account", policyName],
    newUserShares: ["new-user-shares", shares()],
    partitions: ["partitions", named<PolicyPartition>(policyName, partition, "partitions")],
    defaultPartition: ["default-partition", policyName],
    qos: ["qos", named<PolicyQos>(policyName, qos, "QOS")],
    defaultQos: ["default-qos", policyName],
    limits: ["limits", limits],
    safeMinutes: ["safe-minutes", flag],
    priority: [
      "priority",
      record(
        {
          weights: ["weights", weights],
          maxAgeMs: ["max-age", durationMs({ above: true })],
          size: [
            "size",
            record(
              { favor: ["favor", oneOf(["large", "small"])], relativeToTime: ["relative-to-time", flag] },
              DEFAULT_POLICY.priority.size,
            ),
          ],
          raw: ["raw", list(oneOf(RAW_FACTORS), RAW_FACTORS.join(", "))],
          neverFalls: ["never-falls", flag],
          accruesAlways: ["accrues-always", flag],
          slurmAge: ["slurm-age", flag],
        },
        DEFAULT_POLICY.priority,
      ),
    ],
    fairShare: [
      "fair-share",
      record(
        {
          algorithm: ["algorithm", oneOf(["fair_tree", "classic"])],
          mergeTiedAccounts: ["merge-tied-accounts", flag],
          dampening: ["dampening", number({ what: "a factor", above: 0, most: 65_533 })],
        },
        DEFAULT_POLICY.fairShare,
      ),
    ],
    usage: ["usage", usage],
    billing: [
      "billing",
      record(
        {
          weights: ["weights", billingWeights],
          rule: ["rule", oneOf(["sum", "max"])],
          hosts: [
            "hosts",
            list(
              ofHosts<HostPrice>(
                { factor: ["factor", number({ what: "a factor", least: 0, most: 1e6 })] },
                { factor: 1 },
              ),
              "hosts with a factor",
            ),
          ],
        },
        DEFAULT_POLICY.billing,
      ),
    ],
    backfill: ["backfill", orFlag(backfill)],
    preemption: [
      "preemption",
      record(
        {
          by: ["by", oneOf(["off", "tier", "qos"])],
          mode: ["mode", oneOf(PREEMPT_MODES)],
          graceMs: ["grace", duration],
          minimumRunMs: ["minimum-run", duration],
          youngestFirst: ["youngest-first", flag],
        },
        DEFAULT_POLICY.preemption,
      ),
    ],
    shortLane: [
      "short-lane",
      orNone(
        record<ShortLane>(
          {
            longestMs: ["longest", durationMs({ above: true })],
            interactiveOnly: ["interactive-only", flag],
            runningPerUser: [
              "running-per-user",
              orNone(number({ what: "a number of jobs", least: 1, most: 1_000_000, whole: true }), "any"),
            ],
          },
          { longestMs: 1_800_000, interactiveOnly: true, runningPerUser: 1 },
        ),
      ),
    ],
    bookings: [
      "bookings",
      orNone(
        record<BookingRules>(
          {
            hosts: ["hosts", number({ what: "a number of hosts", least: 1, most: 1000, whole: true })],
            longestMs: ["longest", durationMs({ above: true })],
            aheadMs: ["ahead", durationMs({ above: true })],
            perUser: ["per-user", number({ what: "a number of bookings", least: 1, most: 100, whole: true })],
          },
          { hosts: 1, longestMs: 14_400_000, aheadMs: 1_209_600_000, perUser: 2 },
        ),
      ),
    ],
    owners: [
      "owners",
      record(
        {
          first: ["first", flag],
          preempt: ["preempt", flag],
          uncharged: ["uncharged", flag],
          donated: ["donated", number({ what: "a part", least: 0, most: 1 })],
          learnPresence: ["learn-presence", flag],
        },
        DEFAULT_POLICY.owners,
      ),
    ],
    preferences: [
      "preferences",
      list(
        ofHosts<HostPreference>(
          { users: ["users", names(userName)], accounts: ["accounts", names(policyName)] },
          { users: [], accounts: [] },
        ),
        "hosts with whom they prefer",
      ),
    ],
  },
  DEFAULT_POLICY,
)

/** 0 is written `none`. */
function zeroAsNone(codec: Codec<number>): Codec<number> {
  return {
    read: (value, path, report) => (value === "none" || value === null ? 0 : codec.read(value, path, report)),
    write: (value) => (value === 0 ? "none" : codec.write(value)),
  }
}

/** `backfill: off` says as much as `backfill: {enabled: off}`. */
function orFlag(codec: Codec<Policy["backfill"]>): Codec<Policy["backfill"]> {
  return {
    read: (value, path, report) =>
      typeof value === "string" || typeof value === "boolean"
        ? codec.read({ enabled: value }, path, report)
        : codec.read(value, path, report),
    write: codec.write,
  }
}
