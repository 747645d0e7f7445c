import type { Clock } from "../base/clock.ts"
import type { EngineProgress } from "../hive/engines/engine-adapter.ts"
import { ticks } from "./ticks.ts"

/** At least so often, and at most. */
const SLOWEST_LOOK_MS = 5_000
const QUICKEST_LOOK_MS = 100

export interface ProgressWatch {
  /** For how long, by its looks, no token has come while a request was worked on, or the engine has not answered. A time in which this process was stopped itself counts as one look. */
  readonly stillMs: () => number
  readonly over: Promise<void>
}

/**
 * Looks whether requests that are worked on get on, until the signal is aborted. An engine with a frozen worker says that it is well and counts no
 * token more, for ever.
 * @param look what it works on; `null`: no answer, which a long batch may be the reason for
 * @param stuck is called once, with how long nothing has come
 */
export function watchProgress(
  clock: Clock,
  stallMs: number,
  look: () => Promise<EngineProgress | null>,
  signal: AbortSignal,
  stuck: (sinceMs: number) => void,
): ProgressWatch {
  const everyMs = Math.max(QUICKEST_LOOK_MS, Math.min(SLOWEST_LOOK_MS, stallMs / 4))
  let mark = ""
  let sinceMs = clock.monotonicMs()
  let lookedMs = sinceMs
  let stillMs = 0
  let isTold = false
  const over = ticks(clock, everyMs, stallMs / 2, signal, async (isLate) => {
    const found = await look()
    const now = clock.monotonicMs()
    const betweenMs = Math.min(now - lookedMs, 2 * everyMs)
    lookedMs = now
    const hasMoved = found !== null && (found.busy === 0 || found.mark !== mark)
    if (hasMoved || isLate) {
      mark = found?.mark ?? mark
      sinceMs = now
      stillMs = 0
      return
    }
    stillMs += betweenMs
    if (now - sinceMs > stallMs && !isTold && !signal.aborted) {
      isTold = true
      stuck(now - sinceMs)
    }
  })
  return { stillMs: () => stillMs, over }
}
