/** The highest priority there is; 0 is that of held jobs, so 1 is the lowest of the others. */
export const MAX_PRIORITY = 0xffff_ffff
/** Beyond it, either way, no `nice` goes: Slurm's documented range. */
export const MAX_NICE = 2_147_483_645

/** What policy multiplies each factor by: whole numbers, 0 to 2^32 - 1; 0 leaves the factor out. */
export interface PriorityWeights {
  readonly age: number
  readonly association: number
  readonly fairShare: number
  readonly size: number
  readonly partition: number
  readonly qos: number
  /** By the resource's name. */
  readonly resources: Readonly<Record<string, number>>
}

export const NO_WEIGHTS: PriorityWeights = {
  age: 0,
  association: 0,
  fairShare: 0,
  size: 0,
  partition: 0,
  qos: 0,
  resources: {},
}

/** As `factors.ts` and the shares give them. A job with several partitions or QOS has one set, and one priority, for each pair. */
export interface PriorityFactors {
  readonly age: number
  readonly association: number
  readonly fairShare: number
  readonly size: number
  readonly partition: number
  readonly qos: number
  readonly resources: Readonly<Record<string, number>>
  /** Points that an administrator gave this job by a rule of the site. */
  readonly site: number
  /** Points that its user gave up, or, below 0, was allowed to add. */
  readonly nice: number
}

/** held: it stays where it is until it is released. A number: set by hand, past all factors. `null`: by the factors. */
export type PriorityByHand = "held" | number | null

/** One line of what a job's priority is made of. */
export interface PriorityRow {
  readonly factor: Exclude<keyof PriorityFactors, "resources"> | `resource:${string}` | "kept"
  /** `null` where there is no factor but points only: site, nice, and what is kept where priorities never fall. */
  readonly value: number | null
  readonly weight: number | null
  /** Added to the priority; below 0 for a positive `nice`. Exact: people see it without its fraction. */
  readonly points: number
}

export interface Priority {
  /** 0 when held, else 1 to {@link MAX_PRIORITY}. */
  readonly priority: number
  /** Every factor, also those of weight 0, in Slurm's order. Empty when set by hand. */
  readonly rows: readonly PriorityRow[]
}

/**
 * A job's priority and the sum it comes from. Slurm's documented multifactor formula: the weighted factors and the site's points
 * without `nice`, cut to a whole number, kept between 1 and 2^32 - 1.
 */
export function priorityOf(
  factors: PriorityFactors,
  weights: PriorityWeights,
  byHand: PriorityByHand = null,
): Priority {
  if (byHand === "held") return { priority: 0, rows: [] }
  if (byHand !== null) return { priority: wholePriority(byHand), rows: [] }
  const weighted = (["age", "association", "fairShare", "size", "partition", "qos"] as const).map((factor) =>
    row(factor, factors[factor], weights[factor]),
  )
  const resources = Object.keys(weights.resources)
    .sort()
    .map((name) => row(`resource:${name}`, factors.resources[name] ?? 0, weights.resources[name] ?? 0))
  const site: PriorityRow = { factor: "site", value: null, weight: null, points: factors.site }
  const nice: PriorityRow = { factor: "nice", value: null, weight: null, points: 0 - factors.nice }
  // Doubles: the order of the additions belongs to the result. Those of resources are added up first.
  const sum = [site, ...weighted].reduce((total, { points }) => total + points, 0)
  const exact = sum + resources.reduce((total, { points }) => total + points, 0) - factors.nice
  return { priority: wholePriority(exact), rows: [site, ...weighted, ...resources, nice] }
}

/** Only the number of {@link priorityOf}, for long queues: the same to the last bit. */
export function priorityNumber(
  factors: PriorityFactors,
  weights: PriorityWeights,
  resourceNames: readonly string[],
  byHand: PriorityByHand = null,
): number {
  if (byHand !== null) return byHand === "held" ? 0 : wholePriority(byHand)
  const { site, age, association, fairShare, size, partition, qos } = factors
  let sum = 0 + site + age * weights.age + association * weights.association + fairShare * weights.fairShare
  sum = sum + size * weights.size + partition * weights.partition + qos * weights.qos
  let ofResources = 0
  for (const name of resourceNames) ofResources += (factors.resources[name] ?? 0) * (weights.resources[name] ?? 0)
  return wholePriority(sum + ofResources - factors.nice)
}

/** Never lower than before, for pools where priorities may only rise (Slurm's INCR_ONLY). A held job has no priority to keep. */
export function keepHigher(before: number, now: number): number {
  return now === 0 ? 0 : Math.max(before, now)
}

function row(factor: PriorityRow["factor"], value: number, weight: number): PriorityRow {
  return { factor, value, weight, points: value * weight }
}

function wholePriority(exact: number): number {
  return Math.min(MAX_PRIORITY, Math.max(1, Math.trunc(exact)))
}
