import { addResources, fits, NO_RESOURCES, type Resources } from "../protocol/resources.ts"

/** Something that takes room on a host now, or may come to take it, `count` times over. */
export interface Occupant {
  readonly need: Resources
  readonly count: number
}

/** How many combinations may still be looked at; shared by all questions of one pass, so that none can stall the server. */
export interface Budget {
  steps: number
}

/** Far beyond what a host's jobs combine to, and less than 10 ms. */
export const STEPS_PER_PASS = 50_000
const STEPS_PER_QUESTION = 2_000

/**
 * Every combination of jobs that may come to be on a host. Ends of jobs are not known, so all have to be reckoned with:
 * a lease that runs on beside an earlier job that starts, or the earlier job alone.
 */
export class Outlook {
  readonly #total: Resources
  readonly #groups: readonly Group[]
  /** Never more than this is taken at once: GPUs are few, so only the largest of the jobs that lease one count. */
  #most: Resources | undefined
  #isAddedUp = false

  constructor(occupants: Iterable<Occupant>, total: Resources) {
    this.#total = total
    const groups: Group[] = []
    for (const { need, count } of occupants) {
      const possible = Math.min(count, timesItFits(need, total))
      if (possible > 0) groups.push({ need, count: possible, andLater: need })
    }
    this.#groups = groups
  }

  /**
   * Whether `need`, once it is there, leaves room for every combination that would have had room without it.
   * Says no when the budget ends first: that is always safe.
   */
  alwaysFits(need: Resources, budget: Budget): boolean {
    // Most are in the way of one of them alone already, and the rest is not needed then.
    for (const group of this.#groups) if (!fitsWhereAsked(need, group.need, this.#total)) return false
    this.#most ??= mostAtOnce(this.#groups, this.#total)
    if (fitsWhereAsked(need, this.#most, this.#total)) return true
    this.#addUp()
    const question = { steps: Math.min(STEPS_PER_QUESTION, budget.steps) }
    budget.steps -= question.steps
    const breaks = this.#breaksFrom(0, NO_RESOURCES, need, question)
    budget.steps += Math.max(0, question.steps)
    return !breaks
  }

  #addUp(): void {
    if (this.#isAddedUp) return
    this.#isAddedUp = true
    let later = NO_RESOURCES
    for (const group of this.#groups.toReversed()) {
      later = addResources(later, times(group.need, group.count))
      group.andLater = later
    }
  }

  /** Whether some combination of the groups from `index` on, on top of `used`, has room only without `need`. */
  #breaksFrom(index: number, used: Resources, need: Resources, question: Budget): boolean {
    if (!fitsWhereAsked(need, used, this.#total)) return true
    const group = this.#groups[index]
    if (group === undefined || fitsWhereAsked(need, addResources(used, group.andLater), this.#total)) return false
    if (--question.steps < 0) return true
    for (let count = group.count; count >= 0; count--) {
      const taken = addResources(used, times(group.need, count))
      if (fits(taken, this.#total) && this.#breaksFrom(index + 1, taken, need, question)) return true
    }
    return false
  }
}

interface Group {
  readonly need: Resources
  readonly count: number
  /** What this group and all after it take together. */
  andLater: Resources
}

/** An upper bound of what the groups can take together, by resource. */
function mostAtOnce(groups: readonly Group[], total: Resources): Resources {
  let most = NO_RESOURCES
  const memoryOfGpuJobs: number[] = []
  const coresOfGpuJobs: number[] = []
  for (const { need, count } of groups) {
    if (need.gpus === 0) most = addResources(most, times(need, count))
    for (let i = 0; need.gpus > 0 && i < count; i++) {
      memoryOfGpuJobs.push(need.memoryBytes)
      coresOfGpuJobs.push(need.cores)
    }
  }
  const largest = (sizes: number[]) =>
    sizes
      .sort((a, b) => b - a)
      .slice(0, total.gpus)
      .reduce((sum, size) => sum + size, 0)
  return addResources(most, {
    memoryBytes: largest(memoryOfGpuJobs),
    gpus: memoryOfGpuJobs.length > 0 ? total.gpus : 0,
    cores: largest(coresOfGpuJobs),
  })
}

/** Like `fits`, but a kind of resource that `need` does not ask for is never its fault. */
export function fitsWhereAsked(need: Resources, used: Resources, total: Resources): boolean {
  return (
    (need.memoryBytes === 0 || used.memoryBytes + need.memoryBytes <= total.memoryBytes) &&
    (need.gpus === 0 || used.gpus + need.gpus <= total.gpus) &&
    (need.cores === 0 || used.cores + need.cores <= total.cores)
  )
}

/** Infinity for who asks for nothing. */
export function timesItFits(need: Resources, total: Resources): number {
  return Math.floor(
    Math.min(
      need.memoryBytes === 0 ? Number.POSITIVE_INFINITY : total.memoryBytes / need.memoryBytes,
      need.gpus === 0 ? Number.POSITIVE_INFINITY : total.gpus / need.gpus,
      need.cores === 0 ? Number.POSITIVE_INFINITY : total.cores / need.cores,
    ),
  )
}

function times(need: Resources, count: number): Resources {
  return { memoryBytes: need.memoryBytes * count, gpus: need.gpus * count, cores: need.cores * count }
}
