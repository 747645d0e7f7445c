import type { LoadBearer, ModelLoad } from "./model-load.ts"

/**
 * A bound for any division of a load among some members: no order and no head makes a token take less. The fastest members read as much
 * as could fit on them if layers were as fine as sand, those first that are read most for their bytes.
 */
export class LeastTime {
  readonly #load: ModelLoad
  /** Bytes needed, and bytes read, by the first n layers in that order. */
  readonly #need: readonly number[]
  readonly #read: readonly number[]

  constructor(load: ModelLoad) {
    this.#load = load
    const layers = Array.from({ length: load.layerCount }, (_, at) => ({
      need: (load.needUpTo[at + 1] ?? 0) - (load.needUpTo[at] ?? 0),
      read: (load.readUpTo[at + 1] ?? 0) - (load.readUpTo[at] ?? 0),
    })).sort((a, b) => b.read * a.need - a.read * b.need)
    const need = [0]
    const read = [0]
    for (const layer of layers) {
      need.push((need.at(-1) ?? 0) + layer.need)
      read.push((read.at(-1) ?? 0) + layer.read)
    }
    this.#need = need
    this.#read = read
  }

  /** Milliseconds of a token, without the ways between members. */
  ms(members: readonly LoadBearer[]): number {
    const { layerCount, everyBytes, tailReadBytes } = this.#load
    const fastestFirst = [...members].sort((a, b) => a.msPerByte - b.msPerByte)
    let room = 0
    let done = 0
    let ms = tailReadBytes * (fastestFirst[0]?.msPerByte ?? 0)
    let perLayer = Number.POSITIVE_INFINITY
    for (const { budgetBytes, msPerByte, msPerLayer } of fastestFirst) {
      room += Math.max(0, budgetBytes - everyBytes)
      const read = this.#readWithin(room)
      ms += (read - done) * msPerByte
      done = read
      perLayer = Math.min(perLayer, msPerLayer)
    }
    return ms + layerCount * perLayer
  }

  /** The most that layers of so many bytes can be read. */
  #readWithin(bytes: number): number {
    let [low, high] = [0, this.#need.length - 1]
    if (bytes >= (this.#need[high] ?? 0)) return this.#read[high] ?? 0
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((this.#need[middle] ?? 0) <= bytes) low = middle
      else high = middle
    }
    const [from, to] = [this.#need[low] ?? 0, this.#need[high] ?? 0]
    const part = to > from ? (bytes - from) / (to - from) : 0
    return (this.#read[low] ?? 0) + part * ((this.#read[high] ?? 0) - (this.#read[low] ?? 0))
  }
}
