import { addResources, fits, type Resources } from "../protocol/resources.ts"

/** Something that takes room on a host now or may take it before the job in question ends, `count` times over. */
export interface Occupant {
  readonly need: Resources
  readonly count: number
}

/** Combinations looked at before the answer is "it might be in the way": always safe, and far beyond what hosts hold. */
const MAX_STEPS = 2_000

/**
 * Whether `need`, once placed on an empty host of size `total`, always leaves room for every combination of `occupants`
 * that would have had room without it. Ends of jobs are not known, so every combination may come: a lease that runs on
 * beside an earlier job that starts, or the earlier job alone.
 */
export function alwaysFitsBeside(need: Resources, occupants: readonly Occupant[], total: Resources): boolean {
  const groups: Group[] = []
  for (const occupant of occupants) {
    const count = Math.min(occupant.count, timesItFits(occupant.need, total))
    if (count > 0) groups.push({ need: occupant.need, count, andLater: occupant.need })
  }
  let later: Resources = { memoryBytes: 0, gpus: 0, cores: 0 }
  for (const group of groups.toReversed()) {
    later = addResources(later, times(group.need, group.count))
    group.andLater = later
  }
  let steps = 0

  // Whether some combination of the groups from `index` on, on top of `used`, has room only without `need`.
  const breaksFrom = (index: number, used: Resources): boolean => {
    if (!fitsWhereAsked(need, used, total)) return true
    const group = groups[index]
    if (group === undefined || fitsWhereAsked(need, addResources(used, group.andLater), total)) return false
    if (++steps > MAX_STEPS) return true
    for (let count = group.count; count >= 0; count--) {
      const taken = addResources(used, times(group.need, count))
      if (fits(taken, total) && breaksFrom(index + 1, taken)) return true
    }
    return false
  }
  return !breaksFrom(0, { memoryBytes: 0, gpus: 0, cores: 0 })
}

interface Group {
  readonly need: Resources
  readonly count: number
  /** What this group and all after it take together. */
  andLater: Resources
}

/** Like `fits`, but a kind of resource that `need` does not ask for is never its fault. */
function fitsWhereAsked(need: Resources, used: Resources, total: Resources): boolean {
  return (
    (need.memoryBytes === 0 || used.memoryBytes + need.memoryBytes <= total.memoryBytes) &&
    (need.gpus === 0 || used.gpus + need.gpus <= total.gpus) &&
    (need.cores === 0 || used.cores + need.cores <= total.cores)
  )
}

function timesItFits(need: Resources, total: Resources): number {
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
