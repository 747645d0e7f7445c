/** GET /v1/share: how the pool is shared and what everybody has used of it, faded. Everybody may see it. */
export interface ShareView {
  readonly algorithm: "fair_tree" | "classic"
  /** What ran until then is in it, milliseconds since 1970. */
  readonly through: number
  /** Usage halves in that time, milliseconds; 0: it does not fade. */
  readonly halfLifeMs: number
  /** From the root down, each account before what is in it. */
  readonly rows: readonly ShareRowView[]
}

export interface ShareRowView {
  readonly kind: "account" | "user"
  /** `root`, or names from below it joined by "/". */
  readonly path: string
  readonly name: string
  readonly shares: number | "parent"
  /** Its part of the shares of its level (Fair Tree), or of the pool (classic). */
  readonly normShares: number
  /** Faded, in billable units times seconds; what is donated is taken off. */
  readonly usage: number
  /** Faded, as usage: for what others were charged on their Macs. */
  readonly donated: number
  /** Its part of all usage. */
  readonly normUsage: number
  readonly effectiveUsage: number
  /** Fair Tree: above 1 it has had less than its share; "inf": it used nothing. `null` where there is none. */
  readonly levelFs: number | "inf" | null
  /** The factor of users; `null` for accounts under Fair Tree. */
  readonly fairShare: number | null
}

export const USAGE_GROUPS = ["user", "account", "host", "model"] as const

export type UsageGroup = (typeof USAGE_GROUPS)[number]

/** GET /v1/usage?by=&since=: what ran, unfaded, from the recorded intervals. Everybody may see it. */
export interface UsageView {
  readonly by: UsageGroup
  /** Milliseconds since 1970: what ran between the two is in it. */
  readonly since: number
  readonly until: number
  /** By name. */
  readonly rows: readonly UsageRowView[]
}

/** All in seconds, times what is held where that is said. */
export interface UsageRowView {
  /** `null`: jobs that serve no model. */
  readonly name: string | null
  readonly jobs: number
  readonly attempts: number
  /** That commands ran, without what they were stopped. */
  readonly ranS: number
  readonly gpuS: number
  readonly coreS: number
  readonly memoryGibS: number
  /** In billable units. */
  readonly chargedS: number
  /** That they were stopped for the people at the Mac. */
  readonly stoppedS: number
  /** Of `ranS`: on the user's own Mac. */
  readonly ownS: number
  /** By user: that others ran on their Macs. By account and host likewise. */
  readonly lentS: number
  /** In billable units: taken off the owner's usage for that. */
  readonly donatedS: number
}

/** GET /v1/limits: which limits hold for a job of the caller's, and how much of each is used. */
export interface LimitsView {
  readonly user: string
  readonly account: string
  readonly partition: string
  readonly qos: string
  /** Why such a job may not run at all, in words. */
  readonly refusal: string | null
  /** In the order in which they are looked at. */
  readonly limits: readonly LimitView[]
}

export interface LimitView {
  /** Where it is written. */
  readonly layer: "partition_qos" | "qos" | "user" | "account" | "root" | "partition"
  /** Of the QOS, user, account or partition; empty for the pool. */
  readonly name: string
  /** Of all jobs there together, of one user's, of one account's, or of each job. */
  readonly scope: "group" | "user" | "account" | "job"
  readonly limit: string
  /** `null` for limits that are not of a resource. */
  readonly resource: string | null
  readonly most: number
  /** `null`: it is of each job by itself. */
  readonly used: number | null
}

/** GET /v1/usage/recompute (admin): all usage reckoned anew from the recorded intervals, compared with the sums that hold. */
export interface UsageCheckView {
  /** Both are as of then. */
  readonly through: number
  readonly intervals: number
  /** How many sums there are. */
  readonly amounts: number
  /** `false`: usage was charged again and again meanwhile, so that nothing could be compared. */
  readonly settled: boolean
  readonly differences: readonly UsageDifference[]
  /** So many more. */
  readonly more: number
}

/** Each times seconds. */
export interface UsageDifference {
  readonly account: string
  readonly user: string
  readonly qos: string
  /** Of what: `units`, `cpu`, `gpu`, `memory` (GiB), `wall`, `donated`. */
  readonly amount: string
  readonly recorded: number
  readonly recomputed: number
}
