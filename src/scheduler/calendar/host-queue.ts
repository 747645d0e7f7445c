/**
 * Hosts by the moment at which a request may first have room there, as far as that is known: the earliest first, of these the first of the
 * planner's order. Moments only get later while room only shrinks.
 */
export class HostQueue {
  /** By place. Not before then is there room. */
  readonly boundsMs: number[]
  /** By place: the version of the host for which the bound was found; -1 where it is a guess. */
  readonly versions: number[]
  readonly #ranks: Int32Array
  readonly #heap: number[]
  #size: number

  /**
   * @param places in the order of their ranks
   * @param ranks of all hosts by place, each once
   */
  constructor(places: readonly number[], ranks: Int32Array, fromMs: number) {
    // There are many queues, and arrays of a fixed type take longer to make than they save.
    this.boundsMs = new Array<number>(ranks.length).fill(fromMs)
    this.versions = new Array<number>(ranks.length).fill(-1)
    this.#ranks = ranks
    // As all bounds are the same, the order of ranks is a heap.
    this.#heap = [...places]
    this.#size = places.length
  }

  get size(): number {
    return this.#size
  }

  /** The place of the host that may have room first. */
  get first(): number {
    return this.#heap[0]!
  }

  /** All that are in it, in no order. */
  at(index: number): number {
    return this.#heap[index]!
  }

  /** Takes the first one out. */
  shift(): number {
    const first = this.#heap[0]!
    this.#size--
    if (this.#size > 0) {
      this.#heap[0] = this.#heap[this.#size]!
      this.#sinkFrom(0)
    }
    return first
  }

  /** Puts one in that was taken out. */
  add(place: number): void {
    const heap = this.#heap
    let at = this.#size++
    while (at > 0) {
      const above = (at - 1) >> 1
      if (!this.#isBefore(place, heap[above]!)) break
      heap[at] = heap[above]!
      at = above
    }
    heap[at] = place
  }

  /** The first one's bound is later than was thought. */
  sink(): void {
    this.#sinkFrom(0)
  }

  /** The bound of this one is earlier than was thought. */
  raise(place: number): void {
    const heap = this.#heap
    let at = heap.indexOf(place)
    if (at === -1 || at >= this.#size) return
    while (at > 0) {
      const above = (at - 1) >> 1
      if (!this.#isBefore(place, heap[above]!)) break
      heap[at] = heap[above]!
      at = above
    }
    heap[at] = place
  }

  /** Bounds have changed in any way. */
  rebuild(): void {
    for (let at = (this.#size >> 1) - 1; at >= 0; at--) this.#sinkFrom(at)
  }

  #sinkFrom(from: number): void {
    const heap = this.#heap
    const size = this.#size
    const host = heap[from]!
    let at = from
    for (;;) {
      let below = 2 * at + 1
      if (below >= size) break
      if (below + 1 < size && this.#isBefore(heap[below + 1]!, heap[below]!)) below++
      if (!this.#isBefore(heap[below]!, host)) break
      heap[at] = heap[below]!
      at = below
    }
    heap[at] = host
  }

  #isBefore(a: number, b: number): boolean {
    const first = this.boundsMs[a]!
    const second = this.boundsMs[b]!
    return first !== second ? first < second : this.#ranks[a]! < this.#ranks[b]!
  }
}
