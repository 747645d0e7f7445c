/**
 * The factors of a job's priority, each a double, 0 to 1 unless asked for raw. Slurm's documented multifactor priority
 * (priority_multifactor, "Age", "Job Size", "Partition", "QOS", "TRES"), with the arithmetic in the order in which Slurm does it.
 */

/** How long the job has waited where waiting counts, as a part of `maxAgeMs`. `null`: its waiting does not count yet. */
export function ageFactor(accruesSinceMs: number | null, nowMs: number, maxAgeMs: number): number {
  if (accruesSinceMs === null) return 0
  const ageMs = Math.max(0, nowMs - accruesSinceMs)
  return ageMs < maxAgeMs ? ageMs / maxAgeMs : 1
}

/** What is known of a job's size when its priority is reckoned. */
export interface JobSize {
  /** The least number of hosts it can do with. */
  readonly hosts: number
  /** `null`: not known. */
  readonly cores: number | null
  /** Its limit, or else the partition's longest; only for `relativeToTime`. */
  readonly timeLimitMinutes: number
}

export interface PoolSize {
  /** Hosts that could run anything. */
  readonly hosts: number
  readonly cores: number
}

/** large: the more the better. small: the less the better. The rule for `relativeToTime` looks at cores for each minute asked for. */
export interface SizeRule {
  readonly favor: "large" | "small"
  readonly relativeToTime: boolean
}

export function sizeFactor(job: JobSize, pool: PoolSize, { favor, relativeToTime }: SizeRule): number {
  if (pool.hosts <= 0 || pool.cores <= 0) return 0
  if (relativeToTime) {
    const cores = Math.max((job.hosts * pool.cores) / pool.hosts, job.cores ?? 0)
    const factor = cores / job.timeLimitMinutes / pool.cores
    return clampToOne(favor === "small" ? 1 - factor : factor)
  }
  const part = (size: number, whole: number) => (favor === "small" ? whole - size : size) / whole
  const byHosts = part(job.hosts, pool.hosts)
  return clampToOne(job.cores === null || job.cores === 0 ? byHosts : (byHosts + part(job.cores, pool.cores)) / 2)
}

/** A rank that an administrator gave, as a part of the highest that there is; `raw`: as it was given. */
export function rankFactor(rank: number, highest: number, raw = false): number {
  if (raw) return rank
  return highest > 0 ? rank / highest : 0
}

/** What the job has, or else asks for, of what its partition has; `raw`: the amount itself. */
export function amountFactor(amount: number, partitionAmount: number, raw = false): number {
  if (raw) return amount
  return partitionAmount > 0 ? amount / partitionAmount : 0
}

function clampToOne(factor: number): number {
  return Math.min(1, Math.max(0, factor))
}
