/** Places, the first to be taken first. */
export function placesBy(weights: readonly number[]): readonly number[] {
  return weights.map((_, place) => place).sort((a, b) => weights[a]! - weights[b]! || a - b)
}

/** The rank of each place in such an order. */
export function ranksBy(order: readonly number[]): Int32Array {
  const ranks = new Int32Array(order.length)
  for (const [rank, place] of order.entries()) ranks[place] = rank
  return ranks
}

/** The order in which hosts are taken, with those at the end that are to be taken late. */
export function lateLast(
  places: readonly number[],
  ranks: Int32Array,
  late: Uint8Array,
): [readonly number[], Int32Array] {
  const moved = ranks.map((rank, place) => rank + late[place]! * ranks.length)
  return [[...places.filter((place) => late[place] === 0), ...places.filter((place) => late[place] === 1)], moved]
}
