/**
 * What policy allows. Resources by name (`cpu`, `memory`, `gpu`, ...), in the units in which jobs ask for them. What is left out is not
 * limited here.
 */
export interface Limits {
  /** Of all jobs below the layer together. */
  readonly group?: CountedLimits & {
    /** Faded usage: resource times minutes. */
    readonly minutes?: Amounts
    /** What running jobs may still use: resource times minutes that are left to them. */
    readonly runningMinutes?: Amounts
    /** Faded usage of hosts, whatever was held there. */
    readonly wallMinutes?: number
  }
  /** Of the jobs of one user below the layer. */
  readonly user?: CountedLimits
  /** Of the jobs of one account below the layer. */
  readonly account?: CountedLimits
  /** Of each job. */
  readonly job?: JobLimits
}

export interface CountedLimits {
  readonly runningJobs?: number
  /** Waiting and running. */
  readonly submittedJobs?: number
  /** Held by running jobs. */
  readonly resources?: Amounts
}

export interface JobLimits {
  readonly wallMinutes?: number
  readonly minHosts?: number
  readonly maxHosts?: number
  readonly resources?: Amounts
  readonly minResources?: Amounts
  readonly resourcesPerHost?: Amounts
  /** Resource times minutes of its time limit. */
  readonly minutes?: Amounts
}

export type Amounts = Readonly<Record<string, number>>

/** Limits that a partition's own bound even where another layer was first. */
export const PARTITION_BOUNDS = ["wallMinutes", "minHosts", "maxHosts"] as const

export type LayerKind = "partition_qos" | "qos" | "user" | "account" | "root" | "partition"

/** One place at which limits are written, and what counts against them there. */
export interface LimitLayer {
  readonly kind: LayerKind
  /** Of the QOS, user, account or partition. */
  readonly name: string
  /** Of a partition's QOS: the partition. */
  readonly partition?: string
  readonly limits: Limits
  readonly counts: LayerCounts
  /** QOS: what would wait for ever is refused when it is sent. */
  readonly deniesOnLimit?: boolean
  /** QOS: of the partition's bounds, those that do not hold for its jobs. */
  readonly overridesPartition?: readonly (typeof PARTITION_BOUNDS)[number][]
}

/** What is running and waiting below a layer: in all, and of the user and the account of the job that is looked at. */
export interface LayerCounts {
  readonly group: Counts & { readonly minutes: Amounts; readonly runningMinutes: Amounts; readonly wallMinutes: number }
  readonly user: Counts
  readonly account: Counts
}

export interface Counts {
  readonly runningJobs: number
  readonly submittedJobs: number
  readonly resources: Amounts
}

export interface LayersOfJob {
  readonly partitionQos: LimitLayer | null
  readonly qos: LimitLayer | null
  readonly user: LimitLayer
  /** From the user's account up, without the root. */
  readonly accounts: readonly LimitLayer[]
  readonly root: LimitLayer
  readonly partition: LimitLayer
  /** The job's QOS comes before its partition's (Slurm's OverPartQOS). */
  readonly qosOverPartitionQos?: boolean
}

/** Slurm's documented order of limits: the partition's QOS, the job's QOS, user, accounts upwards, root, partition. */
export function orderLayers(layers: LayersOfJob): readonly LimitLayer[] {
  const qos = [layers.partitionQos, layers.qos]
  if (layers.qosOverPartitionQos === true) qos.reverse()
  return [...qos.filter((layer) => layer !== null), layers.user, ...layers.accounts, layers.root, layers.partition]
}

/** A limit that a layer sets, told flat. */
export interface LimitEntry {
  readonly scope: "group" | "user" | "account" | "job"
  readonly limit: keyof NonNullable<Limits["group"]> | keyof JobLimits
  /** `null` for limits that are not of a resource. */
  readonly resource: string | null
  readonly most: number
}

/** All that a layer sets, in a fixed order, each resource by itself. */
export function entriesOf(limits: Limits): readonly LimitEntry[] {
  const entries: LimitEntry[] = []
  for (const scope of ["group", "user", "account", "job"] as const) {
    const limited = Object.entries(limits[scope] ?? {}) as [LimitEntry["limit"], number | Amounts | undefined][]
    for (const [limit, value] of limited.sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (typeof value === "number") entries.push({ scope, limit, resource: null, most: value })
      else
        for (const resource of Object.keys(value ?? {}).sort())
          entries.push({ scope, limit, resource, most: value?.[resource] ?? 0 })
    }
  }
  return entries
}

/** What holds for a job, and by which layer: a limit that is set at several layers holds as the first of them sets it. */
export interface LimitInForce extends LimitEntry {
  readonly layer: LimitLayer
}

/**
 * The limits that hold for a job, in the order in which they are looked at. Those of groups hold at every layer, each for what is counted
 * there; all others as first defined; a partition's own bounds of time and hosts hold beside that.
 * @param layers as {@link orderLayers} gives them
 * @param entries {@link entriesOf}, or what knows its answers
 */
export function limitsInForce(
  layers: readonly LimitLayer[],
  entries: (limits: Limits) => readonly LimitEntry[] = entriesOf,
): readonly LimitInForce[] {
  const defined = new Set<string>()
  const overridden = new Set<string>(layers.flatMap(({ overridesPartition }) => overridesPartition ?? []))
  const inForce: LimitInForce[] = []
  for (const layer of layers) {
    for (const entry of entries(layer.limits)) {
      const key = `${entry.scope} ${entry.limit} ${entry.resource}`
      const isBound = layer.kind === "partition" && entry.scope === "job" && isPartitionBound(entry.limit)
      if (isBound && overridden.has(entry.limit)) continue
      if (entry.scope !== "group" && !isBound && defined.has(key)) continue
      defined.add(key)
      inForce.push({ ...entry, layer })
    }
  }
  return inForce
}

function isPartitionBound(limit: LimitEntry["limit"]): boolean {
  return (PARTITION_BOUNDS as readonly string[]).includes(limit)
}
