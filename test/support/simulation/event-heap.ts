interface Event {
  readonly atMs: number
  readonly order: number
  readonly act: () => void
}

/** What is to happen when, the earliest first; at one moment in the order in which it was put in. */
export class EventHeap {
  readonly #heap: Event[] = []
  #order = 0

  /** When the next one is due; Infinity: nothing will ever happen. */
  get nextMs(): number {
    return this.#heap[0]?.atMs ?? Number.POSITIVE_INFINITY
  }

  add(atMs: number, act: () => void): void {
    const heap = this.#heap
    const event = { atMs, order: this.#order++, act }
    let at = heap.length
    while (at > 0) {
      const above = (at - 1) >> 1
      if (!isBefore(event, heap[above]!)) break
      heap[at] = heap[above]!
      at = above
    }
    heap[at] = event
  }

  /** Does what is due first. */
  next(): void {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined) return
    if (heap.length > 0) {
      let at = 0
      for (;;) {
        let below = 2 * at + 1
        if (below >= heap.length) break
        if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below++
        if (!isBefore(heap[below]!, last)) break
        heap[at] = heap[below]!
        at = below
      }
      heap[at] = last
    }
    first.act()
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs !== b.atMs ? a.atMs < b.atMs : a.order < b.order
}
