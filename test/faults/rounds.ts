import type { Fault } from "./faults.ts"
import { Random } from "./random.ts"

/** Some points tried together: one fault of the server, or one fault on each of a few hosts. */
export interface Round {
  readonly number: number
  readonly seed: number
  readonly strikes: Fault["strikes"]
  readonly needsDisks: boolean
  readonly faults: readonly Fault[]
}

/** How many faults of hosts go together, each on a host of its own. */
const HOSTS_A_ROUND = 3

/** Spreads the points over all faults, each as often as the others, in an order that follows from the seed. */
export function planRounds(points: number, seed: number, faults: readonly Fault[]): Round[] {
  const random = new Random(seed)
  const spread = Array.from({ length: points }, (_, i) => faults[i % faults.length] as Fault)
  for (let i = spread.length - 1; i > 0; i--) {
    const j = random.between(0, i)
    ;[spread[i], spread[j]] = [spread[j] as Fault, spread[i] as Fault]
  }
  const groups: Fault[][] = []
  let open: Fault[] = []
  for (const fault of spread) {
    if (fault.strikes === "server" || fault.needsDisks) groups.push([fault])
    else if (open.push(fault) === HOSTS_A_ROUND) {
      groups.push(open)
      open = []
    }
  }
  if (open.length > 0) groups.push(open)
  return groups.map((group, i) => ({
    number: i + 1,
    seed: random.between(0, 2 ** 31),
    strikes: group[0]?.strikes ?? "host",
    needsDisks: group.some(({ needsDisks }) => needsDisks),
    faults: group,
  }))
}
