/** Less is not worth the pause of some ten milliseconds. */
const WORTHWHILE_BYTES = 40 * 1024 ** 2
const LOOK_MS = 10_000
/** Whoever does more than this waits for nothing, and must not be made to wait. */
const IDLE_PART = 0.1

/** Bytes of V8's own heap, and of what its objects hold outside. */
export interface HeapStatistics {
  readonly total_heap_size: number
  readonly external_memory: number
}

/**
 * Gives memory back when there is nothing to do: V8 collects when a program allocates, and a server that has just taken in
 * fifty hosts, or an agent that has just laid out 100,000 files, then does nothing for hours, with megabytes of garbage that
 * others could use. Needs Node's `--expose-gc`; without it nothing happens. Goes on until the process ends.
 *
 * @param statistics Node's `v8.getHeapStatistics`
 */
export function watchHeap(statistics: () => HeapStatistics, lookMs = LOOK_MS): void {
  const collect = globalThis.gc
  const heldBytes = () => {
    const { total_heap_size, external_memory } = statistics()
    return total_heap_size + external_memory
  }
  let collecting = false
  let keptBytes = 0
  let load = performance.eventLoopUtilization()
  const look = async () => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, load)
    load = now
    if (collect === undefined || collecting || utilization > IDLE_PART) return
    if (heldBytes() < Math.max(WORTHWHILE_BYTES, 2 * keptBytes)) return
    collecting = true
    // Any other kind leaves the memory with the process, for garbage to come.
    await collect({ type: "major", execution: "async", flavor: "last-resort" })
    keptBytes = heldBytes()
    collecting = false
  }
  setInterval(look, lookMs).unref()
}
