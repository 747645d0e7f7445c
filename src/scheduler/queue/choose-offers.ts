import type { Candidate, Offer, VictimOrder } from "./victim-order.ts"

/**
 * Of the hosts on which a job would get room those that it takes: what would have to go from the first of them decides, then from the next. Who runs on
 * several hosts and goes from one of them goes from all, and is asked for once: of all ways that begin with such a one the best is taken.
 * @returns fewer than `count` where there are no more
 */
export function chooseOffers(offers: readonly Offer[], count: number, order: VictimOrder): readonly Offer[] {
  const sorted = [...offers].sort(order.offers)
  if (count === 1 || sorted.length <= count) return sorted.slice(0, count)
  const spanning = sorted.filter(({ victims }) => victims.some(({ places }) => places.length > 1))
  if (spanning.length === 0) return sorted.slice(0, count)
  const ways = [sorted[0]!, ...spanning].map((first) => wayFrom(first, sorted, count, order))
  return ways.reduce((best, way) => (order.offers(allOf(way), allOf(best)) < 0 ? way : best))
}

/** One after the other, each as it is with those gone that go already. */
function wayFrom(first: Offer, offers: readonly Offer[], count: number, order: VictimOrder): readonly Offer[] {
  const way = [first]
  let left = offers.filter((one) => one !== first)
  while (way.length < count) {
    const gone = new Set(way.flatMap(({ victims }) => victims.map(({ attempt }) => attempt)))
    left = left
      .map((one) => ({ ...one, victims: one.victims.filter(({ attempt }) => !gone.has(attempt)) }))
      .sort(order.offers)
    way.push(left.shift()!)
  }
  return way
}

function allOf(way: readonly Offer[]): Offer {
  const victims = new Map<Candidate["attempt"], Candidate>()
  for (const offer of way) for (const one of offer.victims) victims.set(one.attempt, one)
  const first = way.reduce((one, other) => (other.rank < one.rank ? other : one))
  return { ...first, victims: [...victims.values()] }
}
