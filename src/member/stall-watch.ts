import type { Clock } from "../base/clock.ts"
import type { EngineProgress } from "../hive/engines/engine-adapter.ts"
import { ticks } from "./ticks.ts"

/** At least so often, and at most. */
const SLOWEST_LOOK_MS = 5_000
const QUICKEST_LOOK_MS = 100

/**
 * Looks whether requests that are worked on get on, until the signal is aborted. An engine with a frozen worker says that it is well and counts no
 * token more, for ever.
 * @param look what it works on; `null`: no answer, which a long batch may be the reason for
 * @param stuck is called once, with how long nothing has come
 */
export async function watchProgress(
  clock: Clock,
  stallMs: number,
  look: () => Promise<EngineProgress | null>,
  signal: AbortSignal,
  stuck: (sinceMs: number) => void,
): Promise<void> {
  const everyMs = Math.max(QUICKEST_LOOK_MS, Math.min(SLOWEST_LOOK_MS, stallMs / 4))
  let mark = ""
  let sinceMs = clock.monotonicMs()
  let isTold = false
  await ticks(clock, everyMs, stallMs / 2, signal, async (isLate) => {
    const found = await look()
    const now = clock.monotonicMs()
    const hasMoved = found !== null && (found.busy === 0 || found.mark !== mark)
    if (hasMoved || isLate) {
      mark = found?.mark ?? mark
      sinceMs = now
    } else if (now - sinceMs > stallMs && !isTold && !signal.aborted) {
      isTold = true
      stuck(now - sinceMs)
    }
  })
}
