import type { LoadBearer, ModelLoad } from "./model-load.ts"

/**
 * A bound for any division of a load among some members, of which one is the head and one has the last layers: no order of the others makes
 * a token take less. Faster members have as much as could fit on them, those layers first that are read most for their bytes, and each
 * member has one layer at least. Where all layers are alike it is what the best division takes.
 */
export class LeastTime {
  readonly #load: ModelLoad
  /** Bytes needed, and bytes read, by the first n layers, those that are read most for their bytes first. */
  readonly #need: Float64Array
  readonly #read: Float64Array
  /** Bytes needed by the n smallest layers, and bytes read by the n that are read most. */
  readonly #smallest: Float64Array
  readonly #mostRead: Float64Array
  readonly #leastReadBytes: number

  constructor(load: ModelLoad) {
    this.#load = load
    const layers = Array.from({ length: load.layerCount }, (_, at) => ({
      need: (load.needUpTo[at + 1] ?? 0) - (load.needUpTo[at] ?? 0),
      read: (load.readUpTo[at + 1] ?? 0) - (load.readUpTo[at] ?? 0),
    })).sort((a, b) => b.read * a.need - a.read * b.need)
    const reads = layers.map(({ read }) => read).sort((a, b) => b - a)
    this.#need = sums(layers.map(({ need }) => need))
    this.#read = sums(layers.map(({ read }) => read))
    this.#smallest = sums(layers.map(({ need }) => need).sort((a, b) => a - b))
    this.#mostRead = sums(reads)
    this.#leastReadBytes = reads.at(-1) ?? 0
  }

  /** For members of which now this, now that one is the head or the last: what they share is worked out once. */
  among(members: readonly LoadBearer[]): LeastTimeAmong {
    const places = [...members.keys()]
    const by = (cost: (member: LoadBearer) => number) =>
      places.toSorted((a, b) => cost(members[a] as LoadBearer) - cost(members[b] as LoadBearer))
    const least = this.#leastReadBytes
    const orders: Orders = {
      byByte: by(({ msPerByte }) => msPerByte),
      byLayer: by(({ msPerLayer }) => msPerLayer),
      byBoth: by(({ msPerByte, msPerLayer }) => msPerLayer + least * msPerByte),
    }
    const rooms = new Float64Array(members.length)
    const counts = new Float64Array(members.length)
    return {
      ms: (head, last) => {
        if (!this.#fill(members, head, last, rooms, counts)) return Number.POSITIVE_INFINITY
        const apart = this.#readMs(members, orders, rooms, counts) + this.#layersMs(members, orders.byLayer, counts, 0)
        // Each layer is read as much as the least read one, by whoever has it; what is more, by the fastest.
        const more = (this.#read[this.#load.layerCount] ?? 0) - this.#load.layerCount * least
        const fastest = members[orders.byByte[0] ?? 0]?.msPerByte ?? 0
        const together = this.#layersMs(members, orders.byBoth, counts, least) + more * fastest
        return Math.max(apart, together) + this.#load.tailReadBytes * (members[last]?.msPerByte ?? 0)
      },
    }
  }

  /** What room each has, and for how many layers at most. @returns whether there may be such a division */
  #fill(
    members: readonly LoadBearer[],
    head: number,
    last: number,
    rooms: Float64Array,
    counts: Float64Array,
  ): boolean {
    const { layerCount, everyBytes, headBytes, tailBytes, sharedBytes } = this.#load
    let [room, count] = [0, 0]
    for (let at = 0; at < members.length; at++) {
      let own = everyBytes
      if (at === head) own += headBytes - (head === last ? sharedBytes : 0)
      if (at === last) own += tailBytes
      rooms[at] = (members[at]?.budgetBytes ?? 0) - own
      counts[at] = placeWithin(this.#smallest, rooms[at] ?? 0)
      if (counts[at] === 0) return false
      room += rooms[at] ?? 0
      count += counts[at] ?? 0
    }
    return count >= layerCount && room >= (this.#need[layerCount] ?? 0) * (1 - 1e-9)
  }

  #readMs(members: readonly LoadBearer[], { byByte }: Orders, rooms: Float64Array, counts: Float64Array): number {
    const { layerCount } = this.#load
    const all = this.#read[layerCount] ?? 0
    let [ms, room, count, done] = [0, 0, 0, 0]
    for (let place = 0; place < byByte.length; place++) {
      const at = byByte[place] ?? 0
      const others = byByte.length - 1 - place
      room += rooms[at] ?? 0
      count += counts[at] ?? 0
      const most = this.#mostRead[Math.min(count, layerCount - others)] ?? 0
      const read = others === 0 ? all : Math.min(this.#readWithin(room), most, all - others * this.#leastReadBytes)
      ms += (read - done) * (members[at]?.msPerByte ?? 0)
      done = read
    }
    return ms
  }

  /** @param readBytes that each layer is read at least, to be counted as well */
  #layersMs(members: readonly LoadBearer[], order: readonly number[], counts: Float64Array, readBytes: number): number {
    const { layerCount } = this.#load
    let [ms, held, placed] = [0, 0, 0]
    for (let place = 0; place < order.length; place++) {
      const at = order[place] ?? 0
      held += counts[at] ?? 0
      const now = Math.min(held, layerCount - (order.length - 1 - place))
      ms += (now - placed) * ((members[at]?.msPerLayer ?? 0) + readBytes * (members[at]?.msPerByte ?? 0))
      placed = now
    }
    return ms
  }

  /** The most that layers of so many bytes can be read. */
  #readWithin(bytes: number): number {
    const low = placeWithin(this.#need, bytes)
    if (low === this.#need.length - 1) return this.#read[low] ?? 0
    const [from, to] = [this.#need[low] ?? 0, this.#need[low + 1] ?? 0]
    const part = to > from ? (bytes - from) / (to - from) : 0
    return (this.#read[low] ?? 0) + part * ((this.#read[low + 1] ?? 0) - (this.#read[low] ?? 0))
  }
}

/** Places of members, the one that costs least first. */
interface Orders {
  readonly byByte: readonly number[]
  readonly byLayer: readonly number[]
  readonly byBoth: readonly number[]
}

export interface LeastTimeAmong {
  /** Milliseconds of a token, without the ways between members; infinite where there is no such division. */
  ms(head: number, last: number): number
}

function sums(parts: readonly number[]): Float64Array {
  const all = new Float64Array(parts.length + 1)
  for (const [at, part] of parts.entries()) all[at + 1] = (all[at] ?? 0) + part
  return all
}

/** The last place of these rising sums that is not above `bytes`; 0 where none is. */
function placeWithin(rising: Float64Array, bytes: number): number {
  let [low, high] = [0, rising.length]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((rising[middle] ?? 0) <= bytes) low = middle
    else high = middle
  }
  return low
}
