import type { LimitInForce } from "../limits/limits.ts"
import type { StandingLimits } from "./limit-book.ts"

/**
 * The limits that hold for those who have a time. Somebody may count there whom they do not bind, as a layer before defines the same limit for them: who has
 * a time would come to wait for them all the same.
 */
export class LimitGuards {
  readonly #added = new Set<StandingLimits>()
  /** By what is counted against them. */
  readonly #byCount = new Map<object, LimitInForce[]>()
  readonly #beside = new Map<StandingLimits, readonly LimitInForce[]>()

  /** Somebody for whom these hold has a time. */
  add(limits: StandingLimits): void {
    if (this.#added.has(limits)) return
    this.#added.add(limits)
    for (const limit of limits.inForce) {
      const counted = countedFor(limit)
      if (counted === null) continue
      const guards = this.#byCount.get(counted)
      if (guards === undefined) this.#byCount.set(counted, [limit])
      else if (!guards.some((one) => isSame(one, limit))) guards.push(limit)
      else continue
      this.#beside.clear()
    }
  }

  /** Those of them against which such a job counts, and which do not hold for itself. */
  beside(limits: StandingLimits): readonly LimitInForce[] {
    let beside = this.#beside.get(limits)
    if (beside === undefined) {
      const { counts, inForce } = limits
      const guards = counts.flatMap((counted) => this.#byCount.get(counted) ?? [])
      beside = guards.filter((guard) => !inForce.some((one) => isSame(one, guard)))
      this.#beside.set(limits, beside)
    }
    return beside
  }
}

/** `null`: it looks at each job alone. */
function countedFor({ scope, layer }: LimitInForce): object | null {
  return scope === "job" ? null : layer.counts[scope]
}

function isSame(a: LimitInForce, b: LimitInForce): boolean {
  return a.limit === b.limit && a.resource === b.resource && countedFor(a) === countedFor(b)
}
