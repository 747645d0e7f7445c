/** What a job holds, by the resource's name: `cpu`, `gpu`, `memory`, `license/NAME`. Memory in GiB, all else in pieces. */
export type Amounts = Readonly<Record<string, number>>

/** What one piece, or one GiB, of a resource costs each second. What is not named costs nothing. */
export type BillingWeights = Readonly<Record<string, number>>

/**
 * sum: all that it holds. max: the dearest of what it holds on its hosts, and what the whole pool has (licences) on top.
 * Slurm's documented TRESBillingWeights, and MAX_TRES.
 */
export type BillingRule = "sum" | "max"

/** The billable units of a job, charged each second. Without weights, Slurm's default: its CPUs. */
export function billableUnits(amounts: Amounts, weights: BillingWeights | null, rule: BillingRule = "sum"): number {
  if (weights === null) return amounts.cpu ?? 0
  let sum = 0
  let dearest = 0
  let shared = 0
  // By name, so that the same job costs the same to the last bit.
  for (const name of Object.keys(weights).sort()) {
    const units = (amounts[name] ?? 0) * (weights[name] ?? 0)
    sum += units
    if (name.startsWith("license/")) shared += units
    else dearest = Math.max(dearest, units)
  }
  return rule === "max" ? dearest + shared : sum
}
