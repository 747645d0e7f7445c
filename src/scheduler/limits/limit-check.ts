import { type Amounts, type Counts, type LimitInForce, type LimitLayer, limitsInForce } from "./limits.ts"

/** What a job asks for, as limits see it. */
export interface LimitedJob {
  /** On all its hosts together. */
  readonly resources: Amounts
  /** On each of its hosts. */
  readonly resourcesPerHost: Amounts
  readonly hosts: number
  /** `null`: it has no time limit, which no limit of time allows. */
  readonly timeLimitMinutes: number | null
}

/** A limit that a job meets. */
export interface LimitHit extends LimitInForce {
  /** What is counted there already; 0 for limits of each job. */
  readonly have: number
  /** What the job would add. */
  readonly asked: number
  /** It meets the limit even with nobody else there: it would wait for ever. */
  readonly lasting: boolean
}

export interface LimitRules {
  /** A job starts only if it can end within the minutes that are left (Slurm's `safe`). */
  readonly safe?: boolean
}

/**
 * Why a job cannot start now as far as limits go, in order: the first is its reason. Empty when it may. Slurm's documented limits: the
 * counts of jobs and resources hold for the job added to what runs; used minutes for what was used, with `safe` also for what runs and for
 * the job.
 */
export function startHits(job: LimitedJob, layers: readonly LimitLayer[], rules: LimitRules = {}): readonly LimitHit[] {
  return startHitsOf(job, limitsInForce(layers), rules)
}

/** The same where the limits in force are known already: their layers' counts are looked at anew. */
export function startHitsOf(
  job: LimitedJob,
  inForce: readonly LimitInForce[],
  rules: LimitRules = {},
): readonly LimitHit[] {
  const hits: LimitHit[] = []
  for (const limit of inForce) hits.push(...hitOf(job, limit, rules))
  return hits
}

/**
 * Why a job is refused when it is sent: one more is not allowed; or it would wait for ever by a limit that holds for it, and one of its QOS
 * denies what would.
 * @param count how many jobs are sent at once, as the tasks of an array
 */
export function submitHits(
  job: LimitedJob,
  layers: readonly LimitLayer[],
  count = 1,
  rules: LimitRules = {},
): readonly LimitHit[] {
  const denies = layers.some(({ deniesOnLimit }) => deniesOnLimit === true)
  return submitHitsOf(job, limitsInForce(layers), count, rules, denies)
}

/** The same where the limits in force are known already. @param denies one of its QOS denies what would wait for ever */
export function submitHitsOf(
  job: LimitedJob,
  inForce: readonly LimitInForce[],
  count: number,
  rules: LimitRules,
  denies: boolean,
): readonly LimitHit[] {
  return inForce.flatMap((limit) => {
    if (limit.limit !== "submittedJobs") return denies ? hitOf(job, limit, rules).filter(({ lasting }) => lasting) : []
    const have = countsFor(limit)?.submittedJobs ?? 0
    return have + count > limit.most ? [{ ...limit, have, asked: count, lasting: count > limit.most }] : []
  })
}

function hitOf(job: LimitedJob, limit: LimitInForce, { safe = false }: LimitRules): LimitHit[] {
  const { most } = limit
  const minutes = job.timeLimitMinutes ?? Number.POSITIVE_INFINITY
  const of = (amounts: Amounts) => amounts[limit.resource ?? ""] ?? 0
  const times = (amount: number) => (amount === 0 ? 0 : amount * minutes)
  const hit = (have: number, asked: number, isMet = have + asked > most, lasting = asked > most): LimitHit[] =>
    isMet ? [{ ...limit, have, asked, lasting }] : []
  const { group } = limit.layer.counts
  switch (limit.limit) {
    case "runningJobs":
      return hit(countsFor(limit)?.runningJobs ?? 0, 1)
    case "submittedJobs":
      return []
    case "resources":
      // Who asks for nothing of it takes nothing away, even where others hold too much by an older policy.
      return of(job.resources) === 0 ? [] : hit(of(countsFor(limit)?.resources ?? {}), of(job.resources))
    case "runningMinutes":
      return of(job.resources) === 0 ? [] : hit(of(group.runningMinutes), times(of(job.resources)))
    case "minutes": {
      const asked = times(of(job.resources))
      if (limit.scope === "job") return hit(0, asked)
      if (asked === 0) return []
      if (safe) return hit(of(group.minutes) + of(group.runningMinutes), asked)
      return hit(of(group.minutes), asked, of(group.minutes) >= most, most === 0)
    }
    case "wallMinutes":
      if (limit.scope === "job") return hit(0, minutes)
      return hit(
        group.wallMinutes,
        minutes,
        safe ? group.wallMinutes + minutes > most : group.wallMinutes >= most,
        safe ? minutes > most : most === 0,
      )
    case "maxHosts":
      return hit(0, job.hosts)
    case "minHosts":
      return hit(0, job.hosts, job.hosts < most, true)
    case "minResources":
      return hit(0, of(job.resources), of(job.resources) < most, true)
    case "resourcesPerHost":
      return hit(0, of(job.resourcesPerHost))
  }
}

function countsFor({ scope, layer }: LimitInForce): Counts | null {
  return scope === "job" ? null : layer.counts[scope]
}
