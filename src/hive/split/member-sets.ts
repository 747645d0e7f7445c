import type { Ranking } from "./ranking.ts"

/**
 * Goes through the sets of `size` hosts, as places in the ranking, among which a best plan is for sure: those that leave out no host that
 * could take a member's place. Stops when `visit` has been called `mostSets` times.
 *
 * @returns whether all of them were looked at
 */
export function visitSets(
  { hosts, kept, betterThan }: Ranking,
  size: number,
  mostSets: number,
  visit: (set: readonly number[]) => void,
): boolean {
  const chosen: number[] = []
  const isChosen = new Uint8Array(hosts.length)
  // A host that more than `size - 1` others could replace is never a member.
  const order = kept.filter((at) => (betterThan[at]?.length ?? 0) < size)
  order.sort((a, b) => (betterThan[a]?.length ?? 0) - (betterThan[b]?.length ?? 0) || a - b)
  const placeOf = new Map(order.map((host, place) => [host, place]))
  const hasBetter = (host: number, upTo: number) =>
    (betterThan[host] ?? []).every((better) => isChosen[better] === 1 || (placeOf.get(better) ?? -1) > upTo)
  let left = mostSets
  const choose = (from: number): boolean => {
    if (chosen.length === size) {
      if (!chosen.every((host) => hasBetter(host, order.length))) return true
      if (left-- <= 0) return false
      visit(chosen)
      return true
    }
    for (let at = from; at <= order.length - (size - chosen.length); at++) {
      const host = order[at] as number
      if (!hasBetter(host, at)) continue
      chosen.push(host)
      isChosen[host] = 1
      const goesOn = choose(at + 1)
      chosen.pop()
      isChosen[host] = 0
      if (!goesOn) return false
    }
    return true
  }
  return choose(0)
}

/** All orders of `0 .. size - 1`. */
export function ordersOf(size: number): readonly (readonly number[])[] {
  const known = ORDERS.get(size)
  if (known !== undefined) return known
  const orders: number[][] = size === 0 ? [[]] : ordersOf(size - 1).flatMap((order) => placesFor(order, size - 1))
  ORDERS.set(size, orders)
  return orders
}

const ORDERS = new Map<number, readonly (readonly number[])[]>()

function placesFor(order: readonly number[], one: number): number[][] {
  return Array.from({ length: order.length + 1 }, (_, at) => [...order.slice(0, at), one, ...order.slice(at)])
}
