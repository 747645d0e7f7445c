import type { PlannerRules } from "../calendar/planner-scene.ts"
import type { Limits, PARTITION_BOUNDS } from "../limits/limits.ts"
import type { SizeRule } from "../priority/factors.ts"
import type { PriorityWeights } from "../priority/priority.ts"
import type { BillingRule, BillingWeights } from "../share/billing.ts"
import type { Shares } from "../share/share-tree.ts"
import type { UsagePolicy } from "../share/usage.ts"
import type { HostMatch } from "./host-match.ts"

/**
 * How a pool is shared: what an administrator wrote, with a value for everything that was left out. Plain data: it goes through JSON
 * unchanged, and no value is missing but for limits, where what is left out is not limited. Lists keep the order of the file.
 */
export interface Policy {
  /** Never empty. Names are unique in the whole pool. */
  readonly accounts: readonly PolicyAccount[]
  /** Whose account is theirs who are in none: then they are in this one. */
  readonly defaultAccount: string
  /** Of users who are in {@link defaultAccount} without being named. */
  readonly newUserShares: Shares
  /** Never empty. */
  readonly partitions: readonly PolicyPartition[]
  readonly defaultPartition: string
  /** Never empty. */
  readonly qos: readonly PolicyQos[]
  readonly defaultQos: string
  /** Of the pool: the root of all accounts. */
  readonly limits: Limits
  /** A job starts only if it can end within the minutes that are left of limits on used minutes (Slurm's `safe`). */
  readonly safeMinutes: boolean
  readonly priority: PriorityRules
  readonly fairShare: FairShareRules
  readonly usage: UsagePolicy
  readonly billing: BillingPolicy
  readonly backfill: BackfillRules
  readonly preemption: PreemptionRules
  /** `null`: short jobs wait like others. */
  readonly shortLane: ShortLane | null
  /** Hosts that users may book for themselves; `null`: none. */
  readonly bookings: BookingRules | null
  readonly owners: OwnerRules
  /** Whom hosts prefer: the first entry that matches a host holds for it. */
  readonly preferences: readonly HostPreference[]
}

export interface PolicyAccount {
  readonly name: string
  /** The account it is in; `null`: directly below the root. No circles. */
  readonly parent: string | null
  readonly shares: Shares
  /** Users who may change what is below this account. */
  readonly coordinators: readonly string[]
  readonly members: readonly PolicyMember[]
  readonly limits: Limits
  /** QOS that its jobs may have; `null`: what the account above allows, and below the root all. */
  readonly qos: readonly string[] | null
  /** Of jobs that ask for none; `null`: that of the account above. */
  readonly defaultQos: string | null
  /** Rank for the factor `association` (Slurm's Priority of an association). */
  readonly rank: number
}

/** A user in an account. A user may be in several. */
export interface PolicyMember {
  readonly user: string
  readonly shares: Shares
  /** Of this user's jobs under this account: the layer `user`. */
  readonly limits: Limits
  /** `null`: what the account allows. */
  readonly qos: readonly string[] | null
  readonly defaultQos: string | null
  readonly rank: number
  /** Of jobs that name no account: true for exactly one account of each user. */
  readonly isDefault: boolean
}

export interface PolicyPartition {
  readonly name: string
  /** Hosts that any of these matches. */
  readonly hosts: readonly HostMatch[]
  /** Of jobs that ask for no time; `null`: {@link longestTimeMs}. */
  readonly defaultTimeMs: number | null
  /** `null`: any time. */
  readonly longestTimeMs: number | null
  /** Jobs of a higher tier go first, whatever their priority. */
  readonly tier: number
  /** Rank for the factor `partition` (Slurm's PriorityJobFactor). */
  readonly rank: number
  /** `null`: anybody. Who is let in by name and by account must be let in by both. */
  readonly users: readonly string[] | null
  /** Accounts with all below them; `null`: any. */
  readonly accounts: readonly string[] | null
  /** `null`: any. */
  readonly allowedQos: readonly string[] | null
  /** Whose limits come before all others for jobs of this partition; `null`: none. */
  readonly qos: string | null
  readonly limits: Limits
  /** Of its jobs when they are preempted; `null`: the pool's. */
  readonly preemptMode: PreemptMode | null
  readonly graceMs: number | null
  /** `null`: the pool's. */
  readonly billingWeights: BillingWeights | null
}

export interface PolicyQos {
  readonly name: string
  /** Rank for the factor `qos` (Slurm's Priority of a QOS). */
  readonly rank: number
  readonly limits: Limits
  /** QOS whose jobs its jobs may preempt where preemption goes by QOS. */
  readonly preempts: readonly string[]
  /** Of its jobs when they are preempted; `null`: their partition's. */
  readonly preemptMode: PreemptMode | null
  readonly graceMs: number | null
  readonly minimumRunMs: number | null
  /** What its jobs are charged is multiplied by it; 0: nothing. */
  readonly usageFactor: number
  /** What would wait for ever is refused when it is sent (Slurm's DenyOnLimit). */
  readonly deniesOnLimit: boolean
  /** Bounds of a partition that do not hold for its jobs (Slurm's PartitionTimeLimit, PartitionMaxNodes, PartitionMinNodes). */
  readonly overridesPartition: readonly (typeof PARTITION_BOUNDS)[number][]
  /** Its limits come before those of a partition's QOS (Slurm's OverPartQOS). */
  readonly overPartitionQos: boolean
  /** Its jobs hold no place: they start where there is room, and nothing is kept for them (Slurm's NoReserve). */
  readonly noReserve: boolean
}

export interface PriorityRules {
  readonly weights: PriorityWeights
  /** When a job's age counts in full. */
  readonly maxAgeMs: number
  readonly size: SizeRule
  /** Factors that are taken as they are, not as a part of the highest (Slurm's NO_NORMAL_PART, ..._QOS, ..._ASSOC, ..._TRES). */
  readonly raw: readonly RawFactor[]
  /** Priorities of waiting jobs never fall (Slurm's INCR_ONLY). */
  readonly neverFalls: boolean
  /** Age also grows while a job is held, depends on others or is not to begin yet (Slurm's ACCRUE_ALWAYS). */
  readonly accruesAlways: boolean
  /** A requeued job loses its age and its place among equals, as in Slurm. Else it keeps both. */
  readonly slurmAge: boolean
}

export const RAW_FACTORS = ["partition", "qos", "association", "resources"] as const

export type RawFactor = (typeof RAW_FACTORS)[number]

export interface FairShareRules {
  readonly algorithm: "fair_tree" | "classic"
  /** Fair Tree: as Slurm documents it, and does not do it. */
  readonly mergeTiedAccounts: boolean
  /** Classic: above 1, users come nearer to each other. */
  readonly dampening: number
}

export interface BillingPolicy {
  /** `null`: a job costs its cores. */
  readonly weights: BillingWeights | null
  readonly rule: BillingRule
  /** What an hour on certain hosts costs more or less; the first that matches holds, and where none does it is 1. */
  readonly hosts: readonly HostPrice[]
}

export interface HostPrice {
  readonly match: HostMatch
  readonly factor: number
}

export interface BackfillRules extends PlannerRules {
  /** Whether a later job may start before an earlier one that it does not delay; else strict order. */
  readonly enabled: boolean
}

/** off: such jobs are never preempted. */
export const PREEMPT_MODES = ["off", "suspend", "requeue", "cancel"] as const

export type PreemptMode = (typeof PREEMPT_MODES)[number]

export interface PreemptionRules {
  /** tier: jobs of a partition with a higher tier preempt those of lower ones. qos: as each QOS says. */
  readonly by: "off" | "tier" | "qos"
  readonly mode: PreemptMode
  /** Between the first signal and the last. */
  readonly graceMs: number
  /** A job that has not run for so long is left alone. */
  readonly minimumRunMs: number
  /** Of several that would do, who started last goes first. */
  readonly youngestFirst: boolean
}

/** Short jobs that go before all that are no such jobs and of the same tier. */
export interface ShortLane {
  /** The longest time limit with which a job is short. */
  readonly longestMs: number
  /** Only sessions. */
  readonly interactiveOnly: boolean
  /** How many of a user's jobs run by way of the lane at once; others of theirs wait like any. `null`: any number. */
  readonly runningPerUser: number | null
}

/** What users may book for themselves. Administrators may book anything, coordinators for whom they coordinate. */
export interface BookingRules {
  /** Of one booking at most. */
  readonly hosts: number
  readonly longestMs: number
  /** How far ahead it may begin. */
  readonly aheadMs: number
  /** Bookings of a user at once that are not over. */
  readonly perUser: number
}

export interface OwnerRules {
  /** On their own Mac, owners' jobs go before all others. */
  readonly first: boolean
  /** ... and preempt guests at once. */
  readonly preempt: boolean
  /** What owners use of their own Macs is not charged. */
  readonly uncharged: boolean
  /** The part of what guests are charged on a Mac that is taken off its owner's usage: 0 nothing, 1 all of it. */
  readonly donated: number
  /** When people are usually at their Macs is learned, and plans are made with it. */
  readonly learnPresence: boolean
}

export interface HostPreference {
  readonly match: HostMatch
  readonly users: readonly string[]
  /** With all below them. */
  readonly accounts: readonly string[]
}
