import type { Clock } from "../base/clock.ts"
import type { EngineProgress } from "../hive/engines/engine-adapter.ts"

const LOOK_MS = 100

export interface Drain {
  readonly clock: Clock
  readonly drainMs: number
  /** What the engine works on; `null`: no answer. */
  readonly look: () => Promise<EngineProgress | null>
  /** For how long none of that has got on: `ProgressWatch`. */
  readonly stillMs: () => number
  /** There is nothing left to wait for. */
  readonly isOver: () => boolean
  /** At once. */
  readonly hurried: AbortSignal
}

/**
 * Waits until nothing is in flight, or for `drainMs`. Where nothing has got on for so long, also before the first look, there is no more waiting: who asks has mostly waited for the same requests by
 * then, and cut them, and an engine that hangs would never say that they are gone.
 */
export async function drained({ clock, drainMs, look, stillMs, isOver, hurried }: Drain): Promise<void> {
  const untilMs = clock.monotonicMs() + drainMs
  while (clock.monotonicMs() < untilMs && stillMs() < drainMs && !hurried.aborted && !isOver()) {
    const found = await look()
    if (found?.busy === 0) return
    await clock.sleep(LOOK_MS, { signal: hurried }).catch(() => {})
  }
}
