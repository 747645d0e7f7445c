import { getHeapStatistics } from "node:v8"

/** Less is not worth the pause of some ten milliseconds. */
const WORTHWHILE_BYTES = 64 * 1024 ** 2
const LOOK_MS = 10_000

/**
 * Gives memory back now and then: V8 collects when a program allocates, and an agent that has just laid out 100,000 files
 * does nothing for hours, with hundreds of megabytes of garbage that the job or the owner could use. Needs Node's
 * `--expose-gc`; without it nothing happens. Goes on until the process ends.
 */
export function watchHeap(lookMs = LOOK_MS): void {
  const collect = globalThis.gc
  let collecting = false
  let keptBytes = 0
  const look = async () => {
    const bytes = getHeapStatistics().total_heap_size
    if (collect === undefined || collecting || bytes < Math.max(WORTHWHILE_BYTES, 2 * keptBytes)) return
    collecting = true
    // Any other kind leaves the memory with the process, for garbage to come.
    await collect({ type: "major", execution: "async", flavor: "last-resort" })
    keptBytes = getHeapStatistics().total_heap_size
    collecting = false
  }
  setInterval(look, lookMs).unref()
}
