import { DEFAULT_PARTITION } from "../../protocol/job.ts"
import { DEFAULT_PLANNER_RULES } from "../calendar/planner-scene.ts"
import { NO_WEIGHTS } from "../priority/priority.ts"
import { EVERY_HOST } from "./host-match.ts"
import type { Policy, PolicyAccount, PolicyMember, PolicyPartition, PolicyQos } from "./policy.ts"

const DAY_MS = 86_400_000
const CALC_PERIOD_MS = 300_000

/** What an account has that its entry does not say. */
export const PLAIN_ACCOUNT: PolicyAccount = {
  name: "default",
  parent: null,
  shares: 1,
  coordinators: [],
  members: [],
  limits: {},
  qos: null,
  defaultQos: null,
  rank: 0,
}

export const PLAIN_MEMBER: Omit<PolicyMember, "user" | "isDefault"> = {
  shares: 1,
  limits: {},
  qos: null,
  defaultQos: null,
  rank: 0,
}

export const PLAIN_PARTITION: PolicyPartition = {
  name: DEFAULT_PARTITION,
  hosts: [EVERY_HOST],
  defaultTimeMs: null,
  longestTimeMs: null,
  tier: 1,
  rank: 1,
  users: null,
  accounts: null,
  allowedQos: null,
  qos: null,
  limits: {},
  preemptMode: null,
  graceMs: null,
  billingWeights: null,
}

export const PLAIN_QOS: PolicyQos = {
  name: "normal",
  rank: 0,
  limits: {},
  preempts: [],
  preemptMode: null,
  graceMs: null,
  minimumRunMs: null,
  usageFactor: 1,
  deniesOnLimit: false,
  overridesPartition: [],
  overPartitionQos: false,
  noReserve: false,
}

/**
 * What an empty policy file says: everybody in one account with one share each, one partition of all hosts, no limits, no
 * weights, so that jobs go by the time at which they were sent; only owners come first on their own Macs. Numbers that only matter once
 * weights are set are Slurm's.
 */
export const DEFAULT_POLICY: Policy = {
  accounts: [PLAIN_ACCOUNT],
  defaultAccount: PLAIN_ACCOUNT.name,
  newUserShares: 1,
  partitions: [PLAIN_PARTITION],
  defaultPartition: PLAIN_PARTITION.name,
  qos: [PLAIN_QOS],
  defaultQos: PLAIN_QOS.name,
  limits: {},
  safeMinutes: false,
  priority: {
    weights: NO_WEIGHTS,
    maxAgeMs: 7 * DAY_MS,
    size: { favor: "large", relativeToTime: false },
    raw: [],
    neverFalls: false,
    accruesAlways: false,
    slurmAge: false,
  },
  fairShare: { algorithm: "fair_tree", mergeTiedAccounts: false, dampening: 1 },
  usage: { halfLifeS: (7 * DAY_MS) / 1000, periodMs: CALC_PERIOD_MS, reset: "none", timeZone: "UTC" },
  billing: { weights: null, rule: "sum", hosts: [] },
  backfill: { enabled: true, ...DEFAULT_PLANNER_RULES },
  preemption: { by: "off", mode: "requeue", graceMs: 0, minimumRunMs: 0, youngestFirst: false },
  shortLane: null,
  bookings: null,
  owners: { first: true, preempt: true, uncharged: true, donated: 0, learnPresence: true },
  preferences: [],
}
