import type { Clock } from "../base/clock.ts"

/**
 * Calls again and again, one call after the other, until the signal is aborted. A process that was stopped, or a Mac that slept, wakes late:
 * then nobody else was silent, and the call is told so.
 * @param late from when on a call counts as late
 */
export async function ticks(
  clock: Clock,
  everyMs: number,
  late: number,
  signal: AbortSignal,
  call: (isLate: boolean) => void | Promise<void>,
): Promise<void> {
  let before = clock.monotonicMs()
  while (!signal.aborted) {
    await clock.sleep(everyMs, { signal }).catch(() => {})
    if (signal.aborted) return
    const now = clock.monotonicMs()
    const isLate = now - before > everyMs + late
    await call(isLate)
    // What the call itself took is no gap.
    before = clock.monotonicMs()
  }
}
